import { spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { stripVTControlCharacters } from 'node:util';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { filled, request, text, verbatim } from '../../scripts/roff.ts';
import { COMMANDS, COMMON_OPTIONS, ENVIRONMENT, EXIT_CODES, FILES } from '../../src/cli/table.ts';

interface Formatter {
  readonly name: string;
  /** Formats standard input for a terminal, and complains of everything on stderr. */
  readonly format: readonly string[];
  /** Complains of everything, on either. */
  readonly check: readonly string[];
}

const FORMATTERS: readonly Formatter[] = [
  {
    name: 'groff',
    format: ['groff', '-man', '-ww', '-Tutf8', '-rLL=78n'],
    check: ['groff', '-man', '-ww', '-Tutf8', '-z'],
  },
  { name: 'mandoc', format: ['mandoc', '-Tutf8', '-O', 'width=78'], check: ['mandoc', '-T', 'lint'] },
];

const missing = FORMATTERS.filter(({ name }) => spawnSync(name, ['--version']).error !== undefined).map(
  ({ name }) => name,
);
if (missing.length > 0)
  console.warn(
    `SKIPPED: ${missing.join(' and ')} is not there to format the manual with (Debian: groff-base, mandoc).`,
  );

function run([program = '', ...args]: readonly string[], input: string): { stdout: string; stderr: string } {
  const { stdout, stderr } = spawnSync(program, args, {
    input,
    encoding: 'utf8',
    env: { ...process.env, LC_ALL: 'C.UTF-8' },
  });
  // Where it is no escape sequence, bold is a letter over itself, and italic one over an underline.
  const layers = stripVTControlCharacters(stdout).split('\b');
  return {
    stdout: layers.map((layer, index) => layer.slice(0, index < layers.length - 1 ? -1 : undefined)).join(''),
    stderr,
  };
}

const page = await readFile('dist/man/fitbit-login.1', 'utf8');

describe.each(FORMATTERS)('the manual, as $name has it', ({ name, format, check }) => {
  test.skipIf(missing.includes(name))('is without a complaint', () => {
    expect(run(check, page)).toEqual({ stdout: '', stderr: '' });
  });

  test.skipIf(missing.includes(name))('fits 80 columns, and holds all that the table holds', () => {
    const { stdout } = run(format, page);
    expect(stdout.split('\n').filter((line) => line.length > 80)).toEqual([]);
    // What continues a line of an example joins it again; what wraps a paragraph is a blank.
    const shown = stdout.replaceAll(/ \\\n\s+/g, ' ').replaceAll(/\s+/g, ' ');
    const phrase = (words: string) => words.replaceAll('`', '');
    for (const command of COMMANDS) {
      expect(shown).toContain(`fitbit-login ${command.name} [options]`);
      for (const { name: operand, description } of command.arguments ?? [])
        expect(shown).toContain(`${operand} ${phrase(description)}`);
      for (const { flags, description } of command.options) expect(shown).toContain(`${flags} ${phrase(description)}`);
      for (const { what, command: typed } of command.examples) {
        expect(shown).toContain(phrase(what));
        expect(shown).toContain(typed);
      }
    }
    for (const { flags, description } of COMMON_OPTIONS) expect(shown).toContain(`${flags} ${description}`);
    for (const { code, meaning } of EXIT_CODES) expect(shown).toContain(` ${code} ${meaning}`);
    for (const variable of ENVIRONMENT) expect(shown).toContain(`${variable.name} ${variable.meaning}`);
    for (const { path, meaning } of FILES) expect(shown).toContain(`${path} ${meaning}`);
  });

  test.skipIf(missing.includes(name))('shows any text as it is: none of it becomes a request', () => {
    const odd = fc.oneof(
      fc.constantFrom(
        '.SH EVIL',
        "'br",
        '\\fBx',
        '.',
        '\\',
        '\\n(.x',
        '-',
        "it's",
        '"',
        '...',
        'a\\"b',
        '\\*[x]',
        '“é”',
        '.\\"',
      ),
      fc.string({ unit: 'grapheme-ascii', maxLength: 12 }).map((some) => some.replaceAll(/\s+/g, ' ').trim()),
    );
    const lines = fc.sample(odd, { numRuns: 300, seed: 20261124 }).filter((line) => line !== '' && !/\s{2}/.test(line));
    const head = [request('TH', 'X', '1'), '.nh', '.ad l', request('SH', 'X')];
    const { stdout, stderr } = run(format, `${[...head, ...verbatim(lines.map(text))].join('\n')}\n`);
    expect(stderr.replaceAll(/.*(missing date|TH).*\n/g, '')).toBe('');
    const shown = stdout.split('\n').map((line) => line.trim());
    expect(shown.slice(shown.indexOf(lines[0] ?? ''))).toEqual(expect.arrayContaining([...new Set(lines)]));
    // The same, filled: what wraps may begin a line with anything.
    const prose = run(format, `${[...head, ...filled(text(lines.join(' ')))].join('\n')}\n`);
    expect(prose.stdout.replaceAll(/\s+/g, ' ')).toContain(lines.join(' ').replaceAll(/\s+/g, ' '));
  });
});
