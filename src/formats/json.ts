/** What can stand in a field that is written. */
export type JsonValue = string | number | null | readonly string[];

/** Where one member of the outermost object stands in the text. */
interface Member {
  readonly name: string;
  /** The white space before the name. */
  readonly lead: string;
  /** The colon between name and value, with its white space. */
  readonly colon: string;
  /** Where the value begins and ends. */
  readonly start: number;
  readonly end: number;
}

const TOKEN = /"(?:[^"\\]+|\\.)*"|[{}[\],]/g;

/**
 * `text` with the values of some top-level members replaced and missing ones added at the end, in the style of the last
 * one there. Everything else stays as it is, to the byte: a parse and a print would move, round or lose what it does not
 * know (numbers of more than 15 digits, names made of digits, repeated names).
 * @param text Valid JSON whose outermost value is an object.
 */
export function withMembers(text: string, changes: ReadonlyMap<string, JsonValue>): string {
  const members = membersOf(text);
  const last = members.at(-1);
  if (last === undefined) return text.replace(/\{\s*\}/, () => print(changes));
  let edited = '';
  let from = 0;
  for (const { name, start, end } of members) {
    const value = changes.get(name);
    edited += text.slice(from, start) + (value === undefined ? text.slice(start, end) : JSON.stringify(value));
    from = end;
  }
  const present = new Set(members.map(({ name }) => name));
  for (const [name, value] of changes) {
    if (!present.has(name)) edited += `,${last.lead}${JSON.stringify(name)}${last.colon}${JSON.stringify(value)}`;
  }
  return edited + text.slice(from);
}

/** A new object, indented by two. */
export function print(members: ReadonlyMap<string, JsonValue>): string {
  return JSON.stringify(Object.fromEntries(members), null, 2);
}

function membersOf(text: string): readonly Member[] {
  const members: Member[] = [];
  let depth = 0;
  let separator = 0;
  let name: { readonly start: number; readonly end: number } | undefined;
  for (const { 0: token, index } of text.matchAll(TOKEN)) {
    const end = index + token.length;
    if (token === '{' || token === '[') {
      depth += 1;
      if (depth === 1) separator = end;
    } else if (token.startsWith('"')) {
      // The first string after a separator is the name; others, however deep, are in its value.
      name ??= { start: index, end };
    } else if (depth === 1) {
      if (name !== undefined) members.push(memberAt(text, separator, name, index));
      name = undefined;
      separator = end;
      if (token === '}') depth -= 1;
    } else if (token === '}' || token === ']') depth -= 1;
  }
  return members;
}

function memberAt(text: string, separator: number, name: { start: number; end: number }, next: number): Member {
  const rest = text.slice(name.end, next);
  const colon = /^\s*:\s*/.exec(rest)?.[0] ?? ':';
  return {
    name: String(JSON.parse(text.slice(name.start, name.end))),
    lead: text.slice(separator, name.start),
    colon,
    start: name.end + colon.length,
    end: name.end + rest.trimEnd().length,
  };
}
