import { FILE_PROBLEMS, unknownFormat, unsupportedByFormat, unusableFile } from '../messages.ts';
import { damaged, parseJson, splitMark, textOf } from './document.ts';
import { withAssignments } from './dotenv.ts';
import { type JsonValue, print, withMembers } from './json.ts';
import { type Credentials, isGooglesOwn, isOwnProfile } from './read.ts';

type Fields = Readonly<Record<string, JsonValue | undefined>>;

export type FormatId =
  | 'notebook'
  | 'dotenv'
  | 'python-fitbit'
  | 'fitbit-grafana'
  | 'ghealth'
  | 'go-oauth2'
  | 'authorized-user';

/** A file of another program, as a row: what stands in it, and in which shape. */
export interface Format {
  /** What a person types: `export --format notebook`. */
  readonly id: FormatId;
  /** For people, in the middle of a sentence: "a notebook's .env (JSON)". */
  readonly title: string;
  /** Whose credentials it can hold. */
  readonly providers: readonly NonNullable<Credentials['provider']>[];
  /**
   * `true` where the program that owns such files refreshes by itself: with a provider that rotates refresh tokens, one of
   * the two programs will be signed out. `false` where it only reads.
   */
  readonly refreshesByItself: boolean;
  /** Otherwise JSON. */
  readonly isDotenv?: boolean;
  /** What the program that reads the file cannot do without. */
  readonly needs: readonly (keyof typeof WORDS)[];
  /** Every field of the file, in its order; `undefined` for what the credentials lack. */
  readonly fields: (credentials: Credentials) => Fields;
}

const BOTH = ['fitbit', 'google-health'] as const;

/** A profile of ours, whole: not a row, since no other program reads it. */
export const OWN_FORMAT = 'fitbit-login';

/** The formats that are written; `import` reads them all, and more. */
export const FORMATS: readonly Format[] = [
  {
    id: 'notebook',
    title: "a notebook's .env (JSON)",
    providers: BOTH,
    refreshesByItself: false,
    needs: ['accessToken'],
    fields: ({ clientId, clientSecret, accessToken, refreshToken }) => ({
      client_id: clientId,
      client_secret: clientSecret?.reveal(),
      access_token: accessToken?.reveal(),
      refresh_token: refreshToken?.reveal(),
    }),
  },
  {
    id: 'dotenv',
    title: 'a dotenv file',
    providers: BOTH,
    refreshesByItself: false,
    isDotenv: true,
    needs: ['accessToken'],
    fields: ({ clientId, clientSecret, accessToken, refreshToken, userId }) => ({
      FITBIT_CLIENT_ID: clientId,
      FITBIT_CLIENT_SECRET: clientSecret?.reveal(),
      FITBIT_ACCESS_TOKEN: accessToken?.reveal(),
      FITBIT_REFRESH_TOKEN: refreshToken?.reveal(),
      FITBIT_USER_ID: userId,
    }),
  },
  {
    id: 'python-fitbit',
    title: 'a token of python-fitbit',
    providers: ['fitbit'],
    refreshesByItself: true,
    needs: ['accessToken', 'refreshToken', 'expiresAt', 'scopes'],
    fields: (credentials) => ({
      access_token: credentials.accessToken?.reveal(),
      refresh_token: credentials.refreshToken?.reveal(),
      expires_at: credentials.expiresAt && seconds(credentials.expiresAt),
      expires_in: lifetimeSeconds(credentials),
      scope: credentials.scopes,
      token_type: credentials.tokenType,
      user_id: credentials.userId,
    }),
  },
  {
    // It reads only `provider` and `refresh_token`, and refreshes every time it starts.
    id: 'fitbit-grafana',
    title: 'the token file of fitbit-grafana',
    providers: BOTH,
    refreshesByItself: true,
    needs: ['provider', 'refreshToken'],
    fields: (credentials) => ({
      provider: credentials.provider === 'google-health' ? 'google' : 'fitbit',
      access_token: credentials.accessToken?.reveal(),
      refresh_token: credentials.refreshToken?.reveal(),
      // As its own Python writes it: before 3.11 that language does not read a Z.
      saved_at_utc: credentials.obtainedAt?.toISOString().replace('Z', '+00:00'),
      expires_in: lifetimeSeconds(credentials),
    }),
  },
  {
    id: 'ghealth',
    title: 'the credentials.json of ghealth',
    providers: ['google-health'],
    refreshesByItself: true,
    needs: ['accessToken', 'refreshToken', 'expiresAt', 'scopes'],
    fields: ({ accessToken, refreshToken, tokenType, expiresAt, scopes }) => ({
      access_token: accessToken?.reveal(),
      refresh_token: refreshToken?.reveal(),
      token_type: tokenType,
      expiry: expiresAt?.toISOString(),
      // It knows no others.
      scopes: scopes
        ?.filter((scope) => scope.includes('.') && !scope.endsWith('/userinfo.email'))
        .map((scope) => scope.replace(/^.*\/googlehealth\.(?=[a-z_]+\.(?:readonly|writeonly)$)/, '')),
    }),
  },
  {
    id: 'go-oauth2',
    title: 'an oauth2.Token of Go',
    providers: BOTH,
    refreshesByItself: true,
    needs: ['accessToken'],
    fields: ({ accessToken, tokenType, refreshToken, expiresAt }) => ({
      access_token: accessToken?.reveal(),
      token_type: tokenType,
      refresh_token: refreshToken?.reveal(),
      // Never null: Go's time.Time has its own zero, and takes it for "does not expire".
      expiry: expiresAt?.toISOString() ?? '0001-01-01T00:00:00Z',
    }),
  },
  {
    id: 'authorized-user',
    title: 'a Google authorized_user file',
    providers: ['google-health'],
    refreshesByItself: true,
    needs: ['clientId', 'clientSecret', 'refreshToken'],
    fields: ({ clientId, clientSecret, refreshToken, accessToken, expiresAt, scopes }) => ({
      type: 'authorized_user',
      client_id: clientId,
      client_secret: clientSecret?.reveal(),
      refresh_token: refreshToken?.reveal(),
      token: accessToken?.reveal(),
      // Python's library reads this form only: UTC, whole seconds.
      expiry: expiresAt && `${new Date(seconds(expiresAt) * 1000).toISOString().slice(0, 19)}Z`,
      scopes,
    }),
  },
];

/** What `import` reads beside the formats that are written, for people. */
export const ALSO_READ: readonly string[] = [
  'any JSON, dotenv, INI or TOML file with an access token or a refresh token, nested or not',
  'a refresh token alone',
  'a profile of fitbit-login',
  'the client file of a Google app',
];

/**
 * The format that a person named: `--format notebook`. Google writes `authorized_user`, and so may they.
 * @throws AuthError `USAGE`, with the names that exist
 */
export function formatNamed(id: string): Format {
  const format = FORMATS.find((candidate) => candidate.id === id.replaceAll('_', '-'));
  if (format !== undefined) return format;
  throw unknownFormat(id, [...FORMATS.map((candidate) => candidate.id), OWN_FORMAT]);
}

/**
 * The text of a file in a format.
 *
 * Of `previous`, the text of the file that is there, everything that the format does not own stays as it is, to the byte:
 * other fields, order, indentation, comments, line ends. What the credentials lack is left out of a new file. In a previous
 * one, its client ID and secret stay, and its other fields are emptied: they belonged to another grant.
 * @throws AuthError `USAGE` where the format cannot hold these credentials, they lack what its program needs, or `previous`
 *   is something else
 */
export function write(format: Format, credentials: Credentials, previous = ''): string {
  const { provider } = credentials;
  if (provider !== undefined && !format.providers.includes(provider)) throw unsupportedByFormat(format.id, provider);
  const lacking = format.needs.find((name) => credentials[name] === undefined);
  if (lacking !== undefined) throw unusableFile(...FILE_PROBLEMS.lacks(format.title, WORDS[lacking]));
  const fields = Object.entries(format.fields(credentials));
  return format.isDotenv ? dotenvText(fields, previous) : jsonText(fields, previous);
}

type Named = readonly (readonly [name: string, value: JsonValue | undefined])[];

/** What belongs to the app and not to the grant. */
const REGISTRATION: ReadonlySet<string> = new Set([
  ...['client_id', 'client_secret'],
  ...['FITBIT_CLIENT_ID', 'FITBIT_CLIENT_SECRET'],
]);

function jsonText(fields: Named, previous: string): string {
  const given = new Map(fields.flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const])));
  if (splitMark(previous).text.trim() === '') return `${print(given)}\n`;
  const text = textOf(previous);
  if (!/^\s*[{[]/.test(text)) throw unusableFile(...FILE_PROBLEMS.existsNotObject);
  const object = parseJson(text);
  if (object === undefined) throw damaged(text);
  if (typeof object !== 'object' || object === null || Array.isArray(object))
    throw unusableFile(...FILE_PROBLEMS.existsNotObject);
  if (isOwnProfile(object)) throw unusableFile(...FILE_PROBLEMS.ownProfile);
  if (isGooglesOwn(object)) throw unusableFile(...FILE_PROBLEMS.madeByGoogle);
  const stale = fields.filter(([name]) => !given.has(name) && !REGISTRATION.has(name) && Object.hasOwn(object, name));
  const changes = new Map([...given, ...stale.map(([name]) => [name, null] as const)]);
  return splitMark(previous).mark + withMembers(text, changes);
}

function dotenvText(fields: Named, previous: string): string {
  const { mark, text } = splitMark(previous);
  if (text.trim() !== '' && /^\s*[{["]/.test(textOf(previous))) throw unusableFile(...FILE_PROBLEMS.existsJson);
  const changes = fields.flatMap(([name, value]) => {
    const shown = value ?? (REGISTRATION.has(name) ? undefined : '');
    return shown === undefined ? [] : [[name, String(shown)] as const];
  });
  return mark + withAssignments(text, new Map(changes));
}

/** What the fields are called in a sentence. */
const WORDS = {
  provider: 'a provider',
  clientId: 'a client ID',
  clientSecret: 'a client secret',
  accessToken: 'an access token',
  refreshToken: 'a refresh token',
  scopes: 'scopes',
  expiresAt: 'an expiry time',
} as const satisfies Partial<Record<keyof Credentials, string>>;

/** How long the access token lived when it was new, in whole seconds; `undefined` where either end is not known. */
function lifetimeSeconds({ obtainedAt, expiresAt }: Credentials): number | undefined {
  if (obtainedAt === undefined || expiresAt === undefined) return undefined;
  return Math.max(0, Math.floor((expiresAt.getTime() - obtainedAt.getTime()) / 1000));
}

/** Whole seconds since 1970, rounded down: an access token is rather renewed a moment early than used too late. */
function seconds(date: Date): number {
  return Math.floor(date.getTime() / 1000);
}
