import pc from 'picocolors';
import { describe, expect, test } from 'vitest';
import { COMMANDS } from '../../src/cli/commands/index.ts';
import { COMMON_OPTIONS, commonOf } from '../../src/cli/options.ts';
import { runProgram } from '../../src/cli/program.ts';

/** What is printed for these arguments, which must run no command. */
async function helpFor(argv: string): Promise<string> {
  let printed = '';
  const print = async (text: string) => {
    printed += text;
  };
  const exitCode = await runProgram(argv.split(' '), '0', { print, colors: pc.createColors(false) }, () => {
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
    ['--json --help', 'login --help'],
  ])('%s is that of %s', async (argv, same) => {
    expect(await helpFor(argv)).toBe(await helpFor(same));
  });

  test('of the program names every command in its group, and the common options, exit codes and variables once', async () => {
    const text = await helpFor('--help');
    expect(text).toMatch(/^Sign in to .*\n.*\n\nUsage: fitbit-login \[command\] \[options\]\n\nSign in\n {2}login /);
    for (const { name, summary } of COMMANDS)
      expect(text).toMatch(new RegExp(`^  ${name} +${summary.replace(/[()]/g, '\\$&')}$`, 'm'));
    for (const { flags } of COMMON_OPTIONS) expect(text.split(`\n  ${flags} `)).toHaveLength(2);
    expect(text).toContain('130');
    expect(text).toContain('FITBIT_LOGIN_HOME');
  });

  test('has no line of more than 100 columns', async () => {
    for (const argv of ['--help', ...COMMANDS.map(({ name }) => `${name} --help`)]) {
      const long = (await helpFor(argv)).split('\n').filter((line) => line.length > 100 && !line.includes('curl '));
      expect(long).toEqual([]);
    }
  });

  test.each(COMMANDS.map((command) => [command.name, command] as const))(
    'of %s has its own options and examples, and only names the common ones',
    async (name, command) => {
      const { options, arguments: operands = [], examples } = command;
      const text = await helpFor(`${name} --help`);
      for (const { flags } of options) expect(text).toContain(`\n  ${flags} `);
      for (const operand of operands) expect(text).toContain(`\n  ${operand.name.replace(/[<>[\].]/g, '')} `);
      for (const example of examples) expect(text).toContain(`\n  ${example.command}\n`);
      const also = commonOf(command).map(({ flags }) => flags.split(' ')[0]);
      if (also.length > 0) expect(text).toContain(`Also: ${also.join(', ')} (`);
      expect(text).not.toMatch(/Exit codes|Environment/);
    },
  );
});
