import { FILE_PROBLEMS, unusableFile } from '../messages.ts';
import type { Secret } from '../secret.ts';
import { type Document, documentsOf, textOf } from './document.ts';
import { choose, type Entry, entriesIn, type Field, fieldOf, hasTokens, keyOf, labelsOf, wordIn } from './entries.ts';
import {
  cleanSecret,
  cleanValue,
  readScopes,
  readSeconds,
  readTime,
  readWord,
  tidy,
  type ValueKind,
  type ValueOptions,
} from './values.ts';

/** What a file of another program can hold of a sign-in, and what can be written for one. */
export interface Credentials {
  /** As far as the file and its tokens show. */
  readonly provider?: 'fitbit' | 'google-health';
  readonly clientId?: string;
  readonly clientSecret?: Secret;
  readonly accessToken?: Secret;
  readonly refreshToken?: Secret;
  readonly tokenType?: string;
  /** The scopes granted, by the provider's own full names. */
  readonly scopes?: readonly string[];
  readonly userId?: string;
  readonly obtainedAt?: Date;
  /** When the access token expires. */
  readonly expiresAt?: Date;
  /** When the grant itself ends. */
  readonly refreshExpiresAt?: Date;
}

/** What was found in a file. */
export interface FoundSignIn {
  /** What it was read as, for people, in the middle of a sentence. */
  readonly title: string;
  readonly credentials: Credentials;
  /** What could not be read and counts as absent, in sentences. */
  readonly notices: readonly string[];
}

/** The app registration that was found in a file. */
export interface FoundClient {
  readonly id?: string;
  readonly secret?: Secret;
  /** The type of the client, where the file is Google's download, whose top-level key names it. */
  readonly clientType?: 'desktop' | 'web';
  /** The redirect URIs that are registered, where the file says so: of a Web client of Google. */
  readonly redirectUris?: readonly string[];
}

/**
 * The sign-in in a file of another program, whatever its syntax: nested or not, by any usual field name. Without tokens in
 * it, its app registration.
 *
 * @param entry which one, where there are several: its name or number, as the error lists them
 * @throws AuthError `USAGE` when there is none, or several; when a value cannot be what it should be; with the command that
 *   converts it, for a pickle, a file of R or a Python dict. The message never repeats a value.
 */
export function readSignIn(content: string | Uint8Array, { entry }: { readonly entry?: string } = {}): FoundSignIn {
  const { document, entries, word } = search(textOf(content));
  if (word !== undefined) return signInOfWord(word);
  const isOwn = isOwnProfile(document.value);
  if (isOwn) refuseOwnProfile(document.value);
  const holders = entries.filter((it) => hasTokens(it) && !isService(it) && !it.above.some(hasTokens));
  const chosen = choose(holders, entry, 'sign-ins');
  if (chosen === undefined) {
    const client = clientOf(entries, entry);
    if (client === undefined) throw unusableFile(...FILE_PROBLEMS.noSignIn(document.syntax));
    const { id: clientId, secret: clientSecret } = client;
    return { title: document.syntax, credentials: { clientId, clientSecret }, notices: [] };
  }
  const notices: string[] = [];
  const credentials = credentialsOf(chosen, entries, notices);
  const isGoogles = chosen.fields.get('type')?.value === 'authorized_user';
  const kind = isGoogles ? 'a Google authorized_user file' : document.syntax;
  const label = holders.length > 1 ? ` (entry ${labelsOf(holders)[holders.indexOf(chosen)]})` : '';
  return { title: isOwn ? 'a profile of fitbit-login' : `${kind}${label}`, credentials, notices };
}

/**
 * The app registration in a file, whatever its syntax; of a text that is one word, the secret.
 * @throws AuthError `USAGE` as {@link readSignIn}
 */
export function readClientFile(content: string | Uint8Array, options: ValueOptions = {}): FoundClient {
  const text = textOf(content);
  const { document, entries, word } = search(text);
  if (word !== undefined) return { secret: cleanSecret('client secret', word, 'in the file', options) };
  const client = clientOf(entries, undefined, options);
  if (client !== undefined) return client;
  const isLine = document.syntax !== 'JSON' && entries.length === 0 && !/[\r\n]|^[[{<]/.test(tidy(text));
  if (isLine && options.anyPrintable) return { secret: cleanSecret('client secret', text, 'in the file', options) };
  throw unusableFile(...FILE_PROBLEMS.noClient(document.syntax));
}

/** Whether it is a profile of this program: it can be imported, and must never be the target of an export. */
export function isOwnProfile(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'version' in value && 'redirect_uris' in value;
}

/** Why a file that Google made must not be the target of an export, either: no sign-in of a person is in it. */
export function isGooglesOwn(value: unknown): boolean {
  return entriesIn(value).some((entry) => isService(entry) || clientTypeOf(entry) !== undefined);
}

const TELLING: readonly Field[] = ['accessToken', 'refreshToken', 'clientId', 'clientSecret'];

/** The first way to read a text that finds a token or an app; `word` is the whole of a text that is one: a token, or a secret. */
function search(text: string): { document: Document; entries: readonly Entry[]; word?: string } {
  const documents: Document[] = [];
  for (const document of documentsOf(text)) {
    documents.push(document);
    const entries = entriesIn(document.value);
    if (entries.some(({ fields }) => TELLING.some((field) => fields.has(field)))) return { document, entries };
  }
  const [document = { syntax: 'a text', value: undefined }] = documents;
  const { value } = document;
  const isText = document.syntax !== 'JSON' || typeof value === 'string';
  const word = tidy(typeof value === 'string' ? value : text, 'access token');
  // A line with a field's name and no value is not a word, and neither is an address.
  const isNamed = typeof value === 'object' && value !== null && Object.keys(value).some(fieldOf);
  const isWord = /^(?![<[{])[\x21-\x7e]+$/.test(word) && !/:\/\/|^(?:null|none|true|false|undefined)$/i.test(word);
  return isText && isWord && !isNamed ? { document, entries: [], word } : { document, entries: entriesIn(value) };
}

function signInOfWord(word: string): FoundSignIn {
  const provider = /^(?:ya29\.|1\/\/)/.test(word) ? 'google-health' : undefined;
  // Fitbit's access tokens are JWTs, and Google's begin like this; what is left is a refresh token.
  const isAccess = /^(?:ya29\.|ey[\w-]+\.[\w-]+\.[\w-]*$)/.test(word);
  const token = cleanSecret(isAccess ? 'access token' : 'refresh token', word, 'in the file');
  return {
    title: isAccess ? 'an access token alone' : 'a refresh token alone',
    credentials: isAccess ? { provider, accessToken: token } : { provider, refreshToken: token },
    notices: [],
  };
}

function refuseOwnProfile(value: unknown): void {
  const { version, sandbox, provider } = Object.fromEntries(Object.entries(value ?? {}));
  if (version !== 1) throw unusableFile(...FILE_PROBLEMS.newerProfile);
  if (sandbox !== undefined) throw unusableFile(...FILE_PROBLEMS.sandboxProfile);
  if (provider !== 'fitbit' && provider !== 'google-health') throw unusableFile(...FILE_PROBLEMS.customProfile);
}

/** What Google's libraries put into `type`, apart from `authorized_user`. */
const SERVICE = /^(?:(?:gdch_|impersonated_)?service_account|external_account(?:_authorized_user)?)$/;

function isService({ fields }: Entry): boolean {
  return SERVICE.test(String(fields.get('type')?.value ?? ''));
}

/** The apps of gcloud itself: of its own commands, and of `application-default login`. */
const GCLOUD = /^(?:32555940559|764086051850-\w+)\.apps\.googleusercontent\.com$/;

const hasId = ({ fields }: Entry) => fields.has('clientId');
const hasSecret = ({ fields }: Entry) => fields.has('clientSecret');

function clientOf(entries: readonly Entry[], wanted?: string, options: ValueOptions = {}): FoundClient | undefined {
  const persons = entries.filter((entry) => !isService(entry));
  const isApp = persons.some(hasId) ? hasId : hasSecret;
  const apps = persons.filter((entry) => isApp(entry) && !entry.above.some(isApp));
  const chosen = choose(apps, wanted, 'apps');
  if (chosen !== undefined) return clientIn(chosen, options);
  if (entries.some(isService)) throw unusableFile(...FILE_PROBLEMS.service);
  return undefined;
}

/** An ID and a secret of different apps are never mixed: the secret stands beside the ID, or in an object without one. */
function clientIn(entry: Entry, options?: ValueOptions): FoundClient {
  const around = [entry, ...entry.above];
  const from = around.find(hasId) ?? entry;
  const id = wordIn(from, 'clientId');
  const secret = around.find((it) => hasSecret(it) && [undefined, id].includes(wordIn(it, 'clientId')));
  if (id !== undefined && GCLOUD.test(id)) throw unusableFile(...FILE_PROBLEMS.gcloud);
  const clientType = clientTypeOf(from);
  const uris = from.fields.get('redirectUris')?.value;
  return {
    id: id === undefined ? undefined : cleanValue('client ID', id, `in the file (${keyOf(from, 'clientId')})`),
    secret: secret && secretIn(secret, 'clientSecret', 'client secret', options),
    clientType,
    redirectUris:
      clientType === 'web' ? (Array.isArray(uris) ? uris : []).filter((uri) => typeof uri === 'string') : undefined,
  };
}

function clientTypeOf(entry: Entry): FoundClient['clientType'] {
  if (!hasId(entry) && !hasSecret(entry)) return undefined;
  const last = entry.path.at(-1);
  return last === 'installed' ? 'desktop' : last === 'web' ? 'web' : undefined;
}

/** The app of a sign-in: its own, that of what it stands in, or the only one in the document that can be meant. */
function clientFor(entry: Entry, entries: readonly Entry[]): FoundClient {
  if ([entry, ...entry.above].some(hasId)) return clientIn(entry);
  const ids = entries.filter(hasId);
  const name = entry.path.at(-1) ?? '';
  const near = ids.filter(({ path }) => path.length > 0 && name.startsWith(path.at(-1) ?? ''));
  const [only, more] = near.length > 0 ? near : ids;
  return clientIn(only === undefined || more !== undefined ? entry : only);
}

function secretIn(entry: Entry, field: Field, kind: ValueKind, options?: ValueOptions): Secret | undefined {
  const found = entry.fields.get(field);
  if (found === undefined) return undefined;
  const key = keyOf(entry, field);
  if (typeof found.value === 'string') return cleanSecret(kind, found.value, `in the file (${key})`, options);
  throw unusableFile(...FILE_PROBLEMS.notAString(key));
}

const SCOPE_PREFIX = 'https://www.googleapis.com/auth/googlehealth.';
/** As ghealth writes Google's scopes, without what all begin with; Fitbit's have no dot in them. */
const SHORT_SCOPE = /^[a-z_]+\.(?:readonly|writeonly)$/;

/** Times that stand for none: Go's zero, and numbers of other programs. */
const NO_TIME = /^(?:0001-01-01T00:00:00Z|-1|0)$/;

function credentialsOf(entry: Entry, entries: readonly Entry[], notices: string[]): Credentials {
  const around = [entry, ...entry.above];
  /** A field that can be done without: what cannot be read counts as absent, and is named. */
  const optional = <Value>(field: Field, read: (value: unknown) => Value | undefined, within = around) => {
    const from = within.find(({ fields }) => fields.has(field));
    const found = from?.fields.get(field);
    const value = found && read(found.value);
    if (from !== undefined && value === undefined && !NO_TIME.test(String(found?.value)))
      notices.push(`The ${keyOf(from, field)} in the file cannot be read, and counts as absent.`);
    return value;
  };
  // What stands further out has times of its own.
  const near = around.filter(({ path }) => path.length >= entry.path.length - 1);
  const time = (field: Field) => optional(field, readTime, near);
  const seconds = (field: Field) => optional(field, readSeconds, near);
  const { id: clientId, secret: clientSecret } = clientFor(entry, entries);
  const accessToken = secretIn(entry, 'accessToken', 'access token');
  const refreshToken = secretIn(entry, 'refreshToken', 'refresh token');
  const scopes = optional('scopes', readScopes)?.map((scope) =>
    SHORT_SCOPE.test(scope) ? SCOPE_PREFIX + scope : scope,
  );
  const [obtained, end, lifetime] = [time('obtainedAt'), time('expiresAt'), seconds('expiresIn')];
  const obtainedAt = obtained ?? after(end, lifetime && -lifetime);
  const provider = around.map((it) => wordIn(it, 'provider') ?? '').join(' ');
  const isGoogle =
    /google/i.test(provider) ||
    scopes?.some((scope) => scope.startsWith(SCOPE_PREFIX)) ||
    /^1\/\//.test(refreshToken?.reveal() ?? '') ||
    /^ya29\./.test(accessToken?.reveal() ?? '');
  return {
    provider: isGoogle ? 'google-health' : /fitbit/i.test(provider) ? 'fitbit' : undefined,
    clientId,
    clientSecret,
    accessToken,
    refreshToken,
    tokenType: optional('tokenType', readWord),
    scopes,
    userId: optional('userId', readWord),
    obtainedAt,
    expiresAt: end ?? after(obtained, lifetime),
    refreshExpiresAt: time('refreshExpiresAt') ?? after(obtainedAt, seconds('refreshExpiresIn')),
  };
}

function after(start: Date | undefined, seconds: number | undefined): Date | undefined {
  return start === undefined || seconds === undefined ? undefined : new Date(start.getTime() + seconds * 1000);
}
