import { readdirSync, readFileSync } from 'node:fs';
import { lexer, type Token, walkTokens } from 'marked';

/** A fenced block of a page. */
export interface Block {
  readonly language: string;
  readonly text: string;
  /** Where it begins, for the failure message. */
  readonly line: number;
  /** The headings above it, outermost first. */
  readonly under: string;
  /** What a comment `<!-- test: … -->` right before it says of how it is to be run. */
  readonly hint: string;
}

export interface Heading {
  readonly depth: number;
  readonly text: string;
  /** As GitHub makes it: what `#…` leads to. */
  readonly anchor: string;
}

export interface Link {
  readonly href: string;
  readonly isImage: boolean;
}

/** One page of the documentation. */
export interface DocumentPage {
  /** From the root of the repository: `docs/library.md`. */
  readonly path: string;
  readonly source: string;
  readonly blocks: readonly Block[];
  readonly headings: readonly Heading[];
  readonly links: readonly Link[];
  /** Everything in backticks, within a line. */
  readonly codes: readonly string[];
}

/** README.md and every page of docs/. */
export const PAGES: readonly DocumentPage[] = [
  'README.md',
  ...readdirSync('docs')
    .filter((name) => name.endsWith('.md'))
    .sort()
    .map((name) => `docs/${name}`),
].map(read);

/** The page at a path. */
export function pageAt(path: string): DocumentPage {
  const page = PAGES.find((candidate) => candidate.path === path);
  if (page === undefined) throw new Error(`There is no page ${path}.`);
  return page;
}

function read(path: string): DocumentPage {
  const source = readFileSync(path, 'utf8');
  const tokens = lexer(source);
  const headings: Heading[] = [];
  const links: Link[] = [];
  const codes: string[] = [];
  walkTokens(tokens, (token) => {
    if (token.type === 'heading')
      headings.push({ depth: token.depth, text: token.text, anchor: anchorOf(token.text, headings) });
    if (token.type === 'link' || token.type === 'image')
      links.push({ href: token.href, isImage: token.type === 'image' });
    if (token.type === 'html') {
      for (const [, attribute, href = ''] of token.raw.matchAll(/\b(src|srcset|href)="([^"]+)"/g))
        links.push({ href, isImage: attribute !== 'href' });
    }
    if (token.type === 'codespan') codes.push(token.text);
  });
  return { path, source, headings, links, codes, blocks: blocksOf(tokens) };
}

function blocksOf(tokens: readonly Token[]): readonly Block[] {
  const blocks: Block[] = [];
  let line = 1;
  let above: readonly string[] = [];
  let hint = '';
  for (const token of tokens) {
    if (token.type === 'heading') above = [...above.slice(0, token.depth - 1), token.text];
    if (token.type === 'html') hint = /<!-- test: (.+?) -->/.exec(token.raw)?.[1] ?? hint;
    if (token.type === 'code') {
      blocks.push({ language: token.lang ?? '', text: token.text, line, under: above.join(' › '), hint });
    }
    // A comment speaks of what comes next, not of the rest of the page.
    if (token.type !== 'html' && token.type !== 'space') hint = '';
    line += token.raw.split('\n').length - 1;
  }
  return blocks;
}

/** GitHub's rule: lower case, no punctuation, spaces as hyphens, and a number for a repeated name. */
function anchorOf(text: string, before: readonly Heading[]): string {
  const name = text
    .replace(/<[^>]+>/g, '')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\p{M}_ -]/gu, '')
    .replaceAll(' ', '-');
  for (let number = 0; ; number += 1) {
    const anchor = number === 0 ? name : `${name}-${number}`;
    if (!before.some((heading) => heading.anchor === anchor)) return anchor;
  }
}
