import { FILE_PROBLEMS, unusableFile } from '../messages.ts';
import { redact } from '../secret.ts';
import { parseJson } from './document.ts';
import { readWord, tidy } from './values.ts';

/** The fields that are looked for, by every usual name in small letters and without marks between the words. */
const NAMES = {
  accessToken: ['accesstoken', 'bearertoken', 'authorization', 'token', 'access'],
  refreshToken: ['refreshtoken', 'refresh'],
  clientId: ['clientid', 'consumerkey', 'appid'],
  clientSecret: ['clientsecret', 'consumersecret', 'appsecret'],
  tokenType: ['tokentype'],
  scopes: ['grantedscopes', 'scopes', 'scope'],
  userId: ['userid', 'encodedid'],
  provider: ['provider'],
  type: ['type'],
  obtainedAt: ['obtainedat', 'savedatutc', 'savedat', 'createdat', 'created', 'issuedat', 'retrievedat'],
  expiresAt: [
    ...['accesstokenexpiresat', 'tokenexpiresat', 'tokenexpiry', 'expiresat', 'expireat', 'expirydate', 'expirytime'],
    ...['expirationtime', 'expiration', 'expireson', 'expiry', 'expires'],
  ],
  expiresIn: ['tokenexpiresin', 'expiresin'],
  refreshExpiresAt: ['refreshtokenexpiresat', 'refreshexpiresat'],
  refreshExpiresIn: ['refreshtokenexpiresin', 'refreshexpiresin'],
  redirectUris: ['redirecturis'],
} as const;
export type Field = keyof typeof NAMES;

/** Longest first: a name may end with another one. */
const FIELDS: readonly (readonly [name: string, field: Field])[] = Object.entries(NAMES)
  .flatMap(([field, names]) => names.map((name) => [name, field as Field] as const))
  .toSorted(([a], [b]) => b.length - a.length);

/** Names that mean something else after a word of another program: `ID_TOKEN`, `requested_scope`. */
const SHORT = /^(?:token|access|refresh|type|provider|scopes?|created|expir\w*|redirecturis)$/;
const OURS = /fitbit|google|health/;

/** One object of a document, with the fields that are known. */
export interface Entry {
  /** The keys that lead to it. */
  readonly path: readonly string[];
  /** The objects that it stands in, the nearest first. */
  readonly above: readonly Entry[];
  readonly fields: Map<Field, { readonly key: string; readonly value: unknown }>;
}

/** Every object of a document with a field that is known, outermost first. */
export function entriesIn(document: unknown): readonly Entry[] {
  const found: Entry[] = [];
  const waiting: { readonly value: unknown; readonly path: readonly string[]; readonly above: readonly Entry[] }[] = [
    { value: document, path: [], above: [] },
  ];
  // The list grows while it is walked.
  for (const { value, path, above } of waiting) {
    if (typeof value === 'string') {
      // rclone keeps a token as JSON inside a text.
      const inner = path.length < 20 && /^\s*[{[]/.test(value) ? parseJson(value) : undefined;
      if (inner !== undefined) waiting.push({ value: inner, path, above });
    } else if (Array.isArray(value)) {
      for (const [at, item] of value.entries()) {
        const more = value.length === 1 ? [] : [nameOf(item) ?? `${at + 1}`];
        waiting.push({ value: item, path: [...path, ...more], above });
      }
    } else if (typeof value === 'object' && value !== null) {
      const own: Entry = { path, above, fields: new Map() };
      found.push(...[own, ...groupsIn(value, own)].filter(({ fields }) => fields.size > 0));
      const within = own.fields.size > 0 ? [own, ...above] : above;
      for (const [key, item] of Object.entries(value)) {
        if (typeof item === 'object' || typeof item === 'string')
          waiting.push({ value: item, path: [...path, key], above: within });
      }
    }
  }
  return found;
}

/**
 * Fills the fields of an object into its entry. Several names before fields (`FITBIT_CLIENT_ID`, `GOOGLE_CLIENT_ID`) are
 * entries of their own, within it; those of other programs are left out beside ours.
 */
function groupsIn(object: object, own: Entry): readonly Entry[] {
  const groups = new Map<string, Entry>([['', own]]);
  for (const [key, value] of Object.entries(object)) {
    const { prefix = '', field } = fieldOf(key) ?? {};
    if (field === undefined || !isValueOf(field, value)) continue;
    const group = groups.get(prefix) ?? { path: [...own.path, prefix], above: [own, ...own.above], fields: new Map() };
    groups.set(prefix, group);
    // Of two names for one field the longer says more: `expires_at` beside `expires`.
    const before = group.fields.get(field)?.key ?? '';
    if (collapse(key).length >= collapse(before).length) group.fields.set(field, { key, value });
  }
  groups.delete('');
  const ours = [...groups.keys()].filter((prefix) => OURS.test(prefix));
  const kept = [...groups].filter(([prefix]) => ours.length === 0 || ours.includes(prefix)).map(([, group]) => group);
  const [only] = kept;
  if (only === undefined || kept.length > 1) return kept;
  for (const [field, value] of only.fields) own.fields.set(field, value);
  return [];
}

/** The field that a key names, and what stands before the name. */
export function fieldOf(key: string): { readonly prefix: string; readonly field: Field } | undefined {
  if (key.length > 100) return undefined;
  const name = collapse(key);
  const [suffix, field] = FIELDS.find(([candidate]) => name.endsWith(candidate)) ?? [];
  if (suffix === undefined || field === undefined) return undefined;
  const prefix = name.slice(0, name.length - suffix.length);
  return prefix === '' || !SHORT.test(suffix) || OURS.test(prefix) ? { prefix, field } : undefined;
}

function collapse(key: string): string {
  return key.toLowerCase().replace(/[^a-z0-9]/g, '');
}

/** Null and empty values are absent; an object in the place of a token is looked into. */
function isValueOf(field: Field, value: unknown): boolean {
  if (typeof value === 'string') return tidy(value) !== '' && !(/Token$/.test(field) && /^\s*[{[]/.test(value));
  if (Array.isArray(value)) return value.length > 0 && /^(?:scopes|redirectUris)$/.test(field);
  return typeof value === 'number' || typeof value === 'bigint' || value instanceof Date;
}

/** What an item of a list is called, by itself. */
function nameOf(item: unknown): string | undefined {
  if (typeof item !== 'object' || item === null) return undefined;
  const fields = new Map<string, unknown>(Object.entries(item));
  return ['domain', 'name', 'title', 'profile', 'email', 'user_id']
    .map((key) => readWord(fields.get(key)))
    .find(Boolean);
}

/** The text, or the number, of a field. */
export function wordIn({ fields }: Entry, field: Field): string | undefined {
  const value = fields.get(field)?.value;
  return typeof value === 'string' ? tidy(value) : readWord(value);
}

/** A field's name as the file has it, where that can be shown. */
export function keyOf({ fields }: Entry, field: Field): string {
  const key = fields.get(field)?.key ?? '';
  return /^[\w.-]{1,40}$/.test(key) ? key : field;
}

export function hasTokens({ fields }: Entry): boolean {
  if (fields.has('refreshToken')) return true;
  const key = collapse(fields.get('accessToken')?.key ?? '');
  // `token` and `access` alone may be anything.
  const beside: readonly Field[] = ['clientId', 'scopes', 'expiresAt', 'tokenType'];
  return key !== '' && (!/^(?:token|access)$/.test(key) || beside.some((field) => fields.has(field)));
}

/**
 * One of several entries: the one that a person named, or the only one that is of Fitbit or Google Health.
 * @param what what they are, for the sentence that names them
 * @throws AuthError `USAGE`, which names them
 */
export function choose(entries: readonly Entry[], wanted: string | undefined, what: string): Entry | undefined {
  if (wanted !== undefined && entries.length > 0) {
    const names = labelsOf(entries);
    const given = wanted.toLowerCase();
    const at = names.findIndex((name, index) => name.toLowerCase() === given || given === `${index + 1}`);
    if (at === -1) throw unusableFile(...FILE_PROBLEMS.noSuchEntry(listed(names)));
    return entries[at];
  }
  const tokenOf = (entry: Entry) => wordIn(entry, 'refreshToken') ?? wordIn(entry, 'accessToken') ?? entry;
  // A copy of the same sign-in is not another one.
  const different = [...new Map(entries.toReversed().map((entry) => [tokenOf(entry), entry])).values()].toReversed();
  const ours = different.filter(isOurs);
  if (different.length < 2) return different[0];
  if (ours.length === 1) return ours[0];
  const kept = new Set<Entry | undefined>(different);
  const shown = labelsOf(entries).filter((_, at) => kept.has(entries[at]));
  throw unusableFile(...FILE_PROBLEMS.severalEntries(different.length, what, listed(shown)));
}

function listed(names: readonly string[]): string {
  return names.length > 20 ? `${names.slice(0, 20).join(', ')} and ${names.length - 20} more` : names.join(', ');
}

/** Keys that every program uses, and that show nothing. */
const GENERIC = /^(?:data|entries|items|tokens?|credentials?|auth|oauth2?|accounts|profiles|users)$/i;

/** What entries are called: what is their own in the keys that lead to them, or else their number. */
export function labelsOf(entries: readonly Entry[]): readonly string[] {
  const names = entries.map(({ path }) => path.filter((key) => !GENERIC.test(key)).join('.'));
  const count = new Map<string, number>();
  for (const name of names) count.set(name, (count.get(name) ?? 0) + 1);
  return names.map((name, at) => {
    // A key may be anything, a token for one.
    const isShown = /^[\w.@:/ -]{1,60}$/.test(name) && redact(name) === name;
    return isShown && count.get(name) === 1 ? name : `${at + 1}`;
  });
}

function isOurs(entry: Entry): boolean {
  const around = [entry, ...entry.above];
  const texts = (field: Field) => around.map((it) => wordIn(it, field) ?? '');
  return (
    [...entry.path, ...texts('provider')].some((text) => /fitbit|google.?health/i.test(text)) ||
    texts('clientId').some((id) => /^[0-9A-Z]{6}$/.test(id)) ||
    /googlehealth/.test(String(entry.fields.get('scopes')?.value ?? ''))
  );
}
