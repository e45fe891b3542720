import { Secret } from '../secret.ts';
import { type Credentials, credentialsOf } from './credentials.ts';
import { parseDocument, splitMark } from './document.ts';
import { DotenvText } from './dotenv-text.ts';
import type { Format } from './format.ts';
import { refusal } from './refusal.ts';
import { requireWritable } from './writable.ts';

type Name =
  | 'FITBIT_CLIENT_ID'
  | 'FITBIT_CLIENT_SECRET'
  | 'FITBIT_ACCESS_TOKEN'
  | 'FITBIT_REFRESH_TOKEN'
  | 'FITBIT_USER_ID';

/** In the order in which a new file has them. */
const VALUES = {
  FITBIT_CLIENT_ID: ({ clientId }) => clientId,
  FITBIT_CLIENT_SECRET: ({ clientSecret }) => clientSecret?.reveal(),
  FITBIT_ACCESS_TOKEN: ({ accessToken }) => accessToken?.reveal(),
  FITBIT_REFRESH_TOKEN: ({ refreshToken }) => refreshToken?.reveal(),
  FITBIT_USER_ID: ({ userId }) => userId,
} as const satisfies Record<Name, (credentials: Credentials) => string | undefined>;

const NAMES = Object.keys(VALUES);

/** What belongs to the app and not to the grant: left in a file for which the credentials have nothing better. */
const REGISTRATION: ReadonlySet<string> = new Set<Name>(['FITBIT_CLIENT_ID', 'FITBIT_CLIENT_SECRET']);

const about = {
  id: 'dotenv',
  title: 'a dotenv file',
  providers: ['fitbit', 'google-health'],
  refreshesByItself: false,
} as const;

/** Lines of `FITBIT_…=value`, for programs that load a `.env` and for shells that source it. */
export const dotenv: Format = {
  ...about,
  read(document) {
    if (document.kind !== 'dotenv') return undefined;
    const { values } = document;
    if (!NAMES.some((name) => values.get(name))) return undefined;
    return credentialsOf({
      clientId: values.get('FITBIT_CLIENT_ID') || undefined,
      clientSecret: secretOf(values.get('FITBIT_CLIENT_SECRET')),
      accessToken: secretOf(values.get('FITBIT_ACCESS_TOKEN')),
      refreshToken: secretOf(values.get('FITBIT_REFRESH_TOKEN')),
      userId: values.get('FITBIT_USER_ID') || undefined,
    });
  },
  write(credentials, previous = '') {
    requireWritable(about, ['accessToken'], credentials);
    const { mark, text } = splitMark(previous);
    if (text.trim() !== '' && parseDocument(previous).kind !== 'dotenv') {
      throw refusal('it is there already, and is JSON', 'Choose `--format notebook`, or give another path.');
    }
    const changes = Object.entries(VALUES).flatMap(([name, pick]) => {
      const value = pick(credentials) ?? (REGISTRATION.has(name) ? undefined : '');
      return value === undefined ? [] : [[name, value] as const];
    });
    return mark + new DotenvText(text).with(new Map(changes));
  },
};

function secretOf(value: string | undefined): Secret | undefined {
  return value ? new Secret(value) : undefined;
}
