import { AuthError } from '../errors.ts';
import { authorizedUser } from './authorized-user.ts';
import type { Credentials } from './credentials.ts';
import { parseDocument } from './document.ts';
import { dotenv } from './dotenv.ts';
import { fitbitGrafana } from './fitbit-grafana.ts';
import { fitbitLogin } from './fitbit-login.ts';
import { refuseForeign } from './foreign.ts';
import type { Format } from './format.ts';
import { ghealth } from './ghealth.ts';
import { goOauth2 } from './go-oauth2.ts';
import { notebook } from './notebook.ts';
import { pythonFitbit } from './python-fitbit.ts';
import { refusal } from './refusal.ts';

export type { Credentials, Format };

/** Every format, the most particular shape first: the first that knows a file has it. */
export const FORMATS: readonly Format[] = [
  fitbitLogin,
  authorizedUser,
  fitbitGrafana,
  pythonFitbit,
  ghealth,
  goOauth2,
  notebook,
  dotenv,
];

/** A file's format, and what it holds. */
export interface Recognised {
  readonly format: Format;
  readonly credentials: Credentials;
}

/**
 * What a file holds, told by its content. Pure: nothing is changed by asking.
 * @param content The file's text; a byte order mark and CRLF are fine.
 * @throws AuthError `USAGE` when it is of no format, damaged, or without a token and a client id. The message says what is
 *   wrong and in which field, and never repeats a value.
 */
export function recognise(content: string): Recognised {
  const document = parseDocument(content);
  if (document.kind === 'json') refuseForeign(document.fields);
  for (const format of FORMATS) {
    const credentials = format.read(document);
    if (credentials === undefined) continue;
    const { clientId, accessToken, refreshToken } = credentials;
    if (clientId ?? accessToken ?? refreshToken) return { format, credentials };
    throw refusal(`it looks like ${format.title}, but holds neither a token nor a client id`);
  }
  throw refusal(
    document.kind === 'json'
      ? 'it is JSON, but has neither access_token, nor refresh_token, nor client_id'
      : 'it is neither JSON nor a dotenv file with FITBIT_ACCESS_TOKEN, FITBIT_REFRESH_TOKEN or FITBIT_CLIENT_ID',
  );
}

/**
 * The format that a person named: `--format notebook`. Google writes `authorized_user`, and so may they.
 * @throws AuthError `USAGE`, with the names that exist.
 */
export function formatNamed(id: string): Format {
  const format = FORMATS.find((candidate) => candidate.id === id.replaceAll('_', '-'));
  if (format !== undefined) return format;
  const ids = FORMATS.map((candidate) => candidate.id).join(', ');
  throw new AuthError('USAGE', 'There is no format of that name.', { hint: `The formats are: ${ids}.` });
}
