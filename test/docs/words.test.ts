import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import pc from 'picocolors';
import { describe, expect, test } from 'vitest';
import { COMMANDS } from '../../src/cli/commands/index.ts';
import { runProgram } from '../../src/cli/program.ts';
import { PAGES } from './pages.ts';

/** Habits of a translation. "that Google …" is no "at Google". */
const HABITS =
  /\b(?:mend(?:s|ed|ing)?|blanks?|nobody|somebody|whoever|look-alikes?|reads along|at (?:Fitbit|Google)|of Google's|goes on)\b/gi;
/** As prose; `client_id` is the name on the wire. */
const CLIENT_ID = /\b[Cc]lient ids?\b/g;
const TYPOGRAPHIC = /[‘’“”]/g;

const textOf = (path: string) => readFileSync(path, 'utf8');
const sources = readdirSync('src', { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts'))
  .map((path) => [path, textOf(join('src', path))] as const);

/** With comments, and with strings that go over several lines in one. */
const written = sources.map(([path, text]) => [path, text.replace(/['"`] \+\s+['"`]|\n\s*(?:\*|\/\/)/g, '')] as const);
const documents = [...PAGES.map(({ path }) => path), 'CHANGELOG.md'].map((path) => [path, textOf(path)] as const);
const description: string = JSON.parse(textOf('package.json')).description;

async function help(...argv: string[]): Promise<readonly [string, string]> {
  let printed = '';
  const print = async (text: string) => {
    printed += text;
  };
  await runProgram([...argv, '--help'], '0', { print, colors: pc.createColors(false) }, () => {
    throw new Error('A command was run.');
  });
  return [`${argv.join(' ')} --help`, printed];
}
const helps = await Promise.all([help(), ...COMMANDS.map(({ name }) => help(name))]);

/** What a text has of it, each with its place. */
const hits = (pattern: RegExp, texts: readonly (readonly [string, string])[]) =>
  texts.flatMap(([path, text]) => (text.replace(/\s+/g, ' ').match(pattern) ?? []).map((hit) => `${path}: ${hit}`));

describe.each([
  ['the program', written],
  ['README, docs and CHANGELOG', documents],
  ['every --help, as printed', helps],
  ['the description of the package', [['package.json', description]] as const],
])('%s', (_what, texts) => {
  test("uses the field's words, and no translation of another language", () => {
    expect(hits(HABITS, texts)).toEqual([]);
    // What a simulated provider says is in the provider's words.
    expect(
      hits(
        CLIENT_ID,
        texts.filter(([path]) => !path.startsWith('sandbox/')),
      ),
    ).toEqual([]);
  });
});

test('the terminal has straight quotes and apostrophes; only pages have typographic ones', () => {
  const pages = /^(?:server\/pages|sandbox)\//;
  /** They are recognised in what is pasted, and made for pages. */
  const recognised = ['formats/values.ts', 'oauth/pasted-callback.ts'];
  const terminal = sources.filter(([path]) => !pages.test(path) && !recognised.includes(path));
  expect(hits(TYPOGRAPHIC, [...terminal, ...documents, ...helps])).toEqual([]);
});
