import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { COMMANDS } from '../../src/cli/commands/index.ts';
import { COMMON_OPTIONS } from '../../src/cli/options.ts';
import { type DocumentPage, PAGES } from './pages.ts';

/** What is wrong with where a link of a page leads; `undefined` for a sound one. Addresses of other sites are not asked. */
function broken(page: DocumentPage, href: string): string | undefined {
  if (/^https:\/\//.test(href)) return undefined;
  const [path = '', anchor] = href.split('#');
  const target = path === '' ? page.path : join(dirname(page.path), path);
  if (!existsSync(target)) return `${href}: there is no ${target}`;
  if (anchor === undefined) return undefined;
  const headings = PAGES.find((candidate) => candidate.path === target)?.headings ?? [];
  return headings.some((heading) => heading.anchor === anchor) ? undefined : `${href}: no such heading`;
}

/** The commands of this program that a text of shell has, each as its words. */
function commandsIn(shell: string): readonly (readonly string[])[] {
  return [...shell.replace(/ #.*/g, '').matchAll(/(?<![\w/.-])fitbit-login((?: +(?:"[^"]*"|[^\s|>&;)`]+))*)/g)].map(
    ([, rest = '']) => (/^[^"]*?(?= -- )/.exec(rest)?.[0] ?? rest).trim().split(/\s+/).filter(Boolean),
  );
}

const flagsOf = (options: readonly { readonly flags: string }[]) =>
  options.flatMap(({ flags }) => flags.match(/(?<!\S)--?[a-z-]+/g) ?? []);
const COMMON = [...flagsOf(COMMON_OPTIONS), '--help', '-h'];

/** What a command has that the command table does not. */
function unknownIn(words: readonly string[]): readonly string[] {
  const [first = ''] = words;
  if (/^[A-Z…]/.test(first)) return [];
  const named = COMMANDS.find(({ name }) => name === first);
  if (named === undefined && first !== '' && !first.startsWith('-') && first !== 'help') return [first];
  const known = [...COMMON, '--version', ...flagsOf((named ?? COMMANDS[0])?.options ?? [])];
  return words.filter((word) => /^--?[a-z]/.test(word) && !known.includes(word)).map((word) => `${first} ${word}`);
}

describe.each(PAGES.map((page) => [page.path, page] as const))('%s', (_path, page) => {
  test('every link, anchor and image has a target', () => {
    expect(page.links.map(({ href }) => broken(page, href)).filter((what) => what !== undefined)).toEqual([]);
  });

  test('every command and option that it names is in the command table', () => {
    const shell = page.blocks.filter(({ language }) => ['sh', 'crontab'].includes(language)).map(({ text }) => text);
    const commands = [...shell, ...page.codes].flatMap(commandsIn);
    const alone = page.codes.filter((code) => /^--[a-z]/.test(code)).map((code) => code.split(/[ =]/)[0] ?? '');
    const anywhere = [...COMMON, ...COMMANDS.flatMap(({ options }) => flagsOf(options))];
    expect([...commands.flatMap(unknownIn), ...alone.filter((flag) => !anywhere.includes(flag))]).toEqual([]);
  });
});

test('every page of docs/ can be reached from the README', () => {
  const [readme, ...others] = PAGES;
  const linked = new Set(readme?.links.map(({ href }) => href.split('#')[0]));
  expect(others.map(({ path }) => path).filter((path) => !linked.has(path))).toEqual([]);
});
