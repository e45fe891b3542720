import { describe, expect, test } from 'vitest';
import { runProgram } from '../../src/cli/program.ts';
import { COMMANDS, COMMON_OPTIONS } from '../../src/cli/table.ts';

/** What is printed for these arguments, which must run no command. */
async function helpFor(argv: string): Promise<string> {
  let printed = '';
  const out = (text: string) => {
    printed += text;
  };
  const exitCode = await runProgram(argv.split(' '), '0', { out, columns: 1_000 }, () => {
    throw new Error('A command was run.');
  });
  expect(exitCode).toBe(0);
  return printed;
}

describe('the help', () => {
  test.each([
    ['help', '--help'],
    ['-h', '--help'],
    ['help help', '--help'],
    ['help --json', '--help'],
    ['help -h', '--help'],
    ['help token', 'token --help'],
    ['token -h', 'token --help'],
    ['token --json --help', 'token --help'],
    ['help token --profile me', 'token --help'],
    ['help exec ls', 'exec --help'],
    ['--json --help', '--help'],
  ])('%s is that of %s', async (argv, same) => {
    expect(await helpFor(argv)).toBe(await helpFor(same));
  });

  test('of the program names every command', async () => {
    const text = await helpFor('--help');
    for (const { name, summary } of COMMANDS) {
      expect(text).toContain(`\n  ${name} `);
      expect(text).toContain(` ${summary}\n`);
    }
  });

  test.each(COMMANDS.map((command) => [command.name, command] as const))(
    'of %s has all that it takes, with examples',
    async (name, { options, arguments: operands = [], examples }) => {
      const text = await helpFor(`${name} --help`);
      for (const { flags } of [...options, ...COMMON_OPTIONS]) expect(text).toContain(`\n  ${flags} `);
      for (const operand of operands) expect(text).toContain(`\n  ${operand.name.replace(/[<>[\].]/g, '')} `);
      for (const { command } of examples) expect(text).toContain(`\n  ${command}\n`);
      expect(text).toContain('-h, --help');
    },
  );
});
