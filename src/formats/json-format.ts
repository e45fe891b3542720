import * as v from 'valibot';
import type { Credentials } from './credentials.ts';
import { parseDocument, splitMark } from './document.ts';
import { isOwnProfile, refuseForeign } from './foreign.ts';
import type { Format } from './format.ts';
import { type JsonValue, print, withMembers } from './json-text.ts';
import { refusal } from './refusal.ts';
import { requireWritable } from './writable.ts';

/** One JSON file format, as data. */
interface JsonFormat extends Pick<Format, 'id' | 'title' | 'providers' | 'refreshesByItself'> {
  /** Whether an object is of this format, by the fields that no other has; asked without `null` and empty fields. */
  readonly matches: (fields: Readonly<Record<string, unknown>>) => boolean;
  readonly schema: v.GenericSchema<unknown, Credentials>;
  /** Left out where the format can only be read. */
  readonly written?: {
    /** What the program that reads the file cannot do without. */
    readonly needs: readonly (keyof Credentials)[];
    /** Every field of the file, in its order; `undefined` for what the credentials lack. */
    readonly fields: (credentials: Credentials) => Readonly<Record<string, JsonValue | undefined>>;
  };
}

/** What belongs to the app and not to the grant: left in a file for which the credentials have nothing better. */
const REGISTRATION: ReadonlySet<string> = new Set(['client_id', 'client_secret']);

/** The {@link Format} of a JSON file. */
export function jsonFormat({ matches, schema, written, ...about }: JsonFormat): Format {
  const read: Format['read'] = (document) => {
    if (document.kind !== 'json') return undefined;
    // Some programs write an absent value as null or as an empty text.
    const given = Object.entries(document.fields).filter(([, value]) => value !== null && value !== '');
    const fields: Record<string, unknown> = Object.fromEntries(given);
    if (!matches(fields)) return undefined;
    const parsed = v.safeParse(schema, fields, { abortEarly: true });
    if (!parsed.success) throw refusal(`it looks like ${about.title}, but ${describe(parsed.issues[0])}`);
    const [provider, ...others] = about.providers;
    return provider !== undefined && others.length === 0 ? { provider, ...parsed.output } : parsed.output;
  };
  if (written === undefined) return { ...about, read };
  const write: Format['write'] = (credentials, previous) => {
    requireWritable(about, written.needs, credentials);
    return textFor(Object.entries(written.fields(credentials)), previous);
  };
  return { ...about, read, write };
}

function textFor(fields: readonly (readonly [string, JsonValue | undefined])[], previous: string | undefined): string {
  const given = new Map(fields.flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const])));
  if (previous === undefined || previous.trim() === '') return `${print(given)}\n`;
  const document = parseDocument(previous);
  if (document.kind !== 'json') throw refusal('it is there already, and is not JSON', OTHER_FILE);
  refuseForeign(document.fields);
  if (isOwnProfile(document.fields)) throw refusal('it is a profile of fitbit-login itself', OTHER_FILE);
  const stale = fields.filter(
    ([name, value]) => value === undefined && !REGISTRATION.has(name) && Object.hasOwn(document.fields, name),
  );
  const { mark, text } = splitMark(previous);
  return mark + withMembers(text, new Map([...given, ...stale.map(([name]) => [name, null] as const)]));
}

const OTHER_FILE = 'Give another path with `--output`.';

/** Names the field by its top-level name: deeper names are the file's own words. */
function describe(issue: v.BaseIssue<unknown>): string {
  const field = String(issue.path?.[0]?.key ?? 'the object');
  return issue.input === undefined ? `${field} is missing` : `${field} ${issue.message}`;
}
