/**
 * The few requests of man(7) that a manual needs, each of which escapes what it is given: what stands in a text cannot become a
 * request. Only ASCII comes out, so that every formatter reads it alike.
 */

/** What both groff and mandoc print as it stands, in text and in arguments. Everything else is written by its number. */
const PLAIN = /^[A-Za-z0-9 ,:;!?()<>{}[\]/=+*&%$#@_|.]$/;

/** ASCII that formatters would make typographic: groff_man_style(7), “Notes”. */
const LITERAL: Readonly<Record<string, string>> = {
  '-': '\\-',
  '\\': '\\[rs]',
  "'": '\\[aq]',
  '"': '\\[dq]',
  '`': '\\[ga]',
  '^': '\\[ha]',
  '~': '\\[ti]',
};

/** Text for use within a line. */
export function text(words: string): string {
  return [...words]
    .map((char) => {
      const number = char.codePointAt(0) ?? 0;
      return PLAIN.test(char) ? char : (LITERAL[char] ?? `\\[u${number.toString(16).toUpperCase().padStart(4, '0')}]`);
    })
    .join('');
}

/** What is typed as it stands. */
export function bold(words: string): string {
  return `\\fB${text(words)}\\fR`;
}

/** What is replaced by something else. */
export function italic(words: string): string {
  return `\\fI${text(words)}\\fR`;
}

/** Prose, in which backticks mark what is typed. */
export function prose(words: string): string {
  return words
    .split('`')
    .map((part, index) => (index % 2 === 1 ? bold(part) : text(part)))
    .join('');
}

/** Filled text, in lines as long as mandoc wants them. A full stop in the first place of one would begin a request. */
export function filled(roff: string): readonly string[] {
  const lines: string[] = [];
  for (const word of roff.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= LINE_LENGTH) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines.map(line);
}

const LINE_LENGTH = 78;

function line(roff: string): string {
  return roff.startsWith('.') ? `\\&${roff}` : roff;
}

/** A request, with what follows it on its line. */
export function request(name: string, ...words: readonly string[]): string {
  return [`.${name}`, ...words.map((word) => `"${text(word)}"`)].join(' ');
}

/** A paragraph whose first line hangs out: an option and what it does. */
export function tagged(tag: string, roff: string): readonly string[] {
  return ['.TP', line(tag), ...filled(roff)];
}

/** Lines that are not filled. */
export function verbatim(lines: readonly string[]): readonly string[] {
  return ['.PP', '.RS 4', '.nf', ...lines.map(line), '.fi', '.RE'];
}
