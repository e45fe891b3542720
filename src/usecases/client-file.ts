import { parseEnv } from 'node:util';
import * as v from 'valibot';
import { AuthError } from '../errors.ts';
import { Secret } from '../secret.ts';

/** What a file, or standard input, told about the app registration. */
export interface ClientFile {
  /** What the content was recognised as. */
  readonly format: 'raw secret' | 'dotenv' | 'JSON';
  readonly id?: string;
  readonly secret?: Secret;
  /** The type of the client, where the file is Google's download, whose top-level key tells it. */
  readonly clientType?: 'desktop' | 'web';
  /** The redirect URIs that are registered, where the file says so: of a Web client of Google. */
  readonly redirectUris?: readonly string[];
}

const text = v.pipe(v.string(), v.trim());
const fields = { client_id: v.optional(text), client_secret: v.optional(text) };
/** Google's downloads have the fields under the client's type: `installed` for Desktop, `web` for Web. */
const Registration = v.object({
  ...fields,
  installed: v.optional(v.object(fields)),
  web: v.optional(v.object({ ...fields, redirect_uris: v.optional(v.array(v.string()), []) })),
});

/** Whether a text can be a client id: nothing but visible ASCII, as the providers that are known here make them. */
export function isClientId(text: string): boolean {
  return /^[\x21-\x7e]{1,255}$/.test(text);
}

/**
 * Reads an app registration from a file's content, told apart by that content: JSON with `client_id` and
 * `client_secret` (the notebook's `.env`, or Google's download), a dotenv file with `FITBIT_CLIENT_ID` and `FITBIT_CLIENT_SECRET` (or the
 * same without `FITBIT_`), or the secret alone.
 *
 * @throws AuthError `USAGE` when it is none of these. No value from the file is in the message.
 */
export function parseClientFile(content: string): ClientFile {
  const trimmed = content.replace(/^\ufeff/, '').trim();
  if (trimmed === '') throw unusable('it is empty');
  if (trimmed.startsWith('{')) return fromJson(trimmed);
  const dotenv = fromDotenv(trimmed);
  if (dotenv !== undefined) return dotenv;
  if (/^[\x21-\x7e]+$/.test(trimmed)) return { format: 'raw secret', secret: new Secret(trimmed) };
  throw unusable('it is neither one word, nor a dotenv file with FITBIT_CLIENT_SECRET, nor JSON');
}

function fromJson(content: string): ClientFile {
  let document: unknown;
  try {
    document = JSON.parse(content);
  } catch {
    throw unusable('it begins like JSON but is damaged');
  }
  const parsed = v.safeParse(Registration, document);
  if (!parsed.success) throw unusable('its client_id or client_secret is not a text');
  const { installed, web, ...own } = parsed.output;
  const { client_id: id, client_secret: secret } = installed ?? web ?? own;
  const file = found('JSON', id, secret, 'it is JSON without client_id and client_secret');
  if (web !== undefined) return { ...file, clientType: 'web', redirectUris: web.redirect_uris };
  return installed === undefined ? file : { ...file, clientType: 'desktop' };
}

function fromDotenv(content: string): ClientFile | undefined {
  const values = new Map(Object.entries(parseEnv(content)).map(([key, value]) => [key.toUpperCase(), value?.trim()]));
  const names = ['CLIENT_ID', 'CLIENT_SECRET'];
  if (!names.some((name) => values.has(name) || values.has(`FITBIT_${name}`))) return undefined;
  const [id, secret] = names.map((name) => values.get(`FITBIT_${name}`) ?? values.get(name));
  return found('dotenv', id, secret, 'its FITBIT_CLIENT_ID and FITBIT_CLIENT_SECRET are empty');
}

function found(
  format: ClientFile['format'],
  id: string | undefined,
  secret: string | undefined,
  whyNot: string,
): ClientFile {
  if (!id && !secret) throw unusable(whyNot);
  return { format, ...(id ? { id } : {}), ...(secret ? { secret: new Secret(secret) } : {}) };
}

function unusable(why: string): AuthError {
  return new AuthError('USAGE', `The client secret cannot be read: ${why}.`, {
    hint: 'Give a file that holds the secret alone, a dotenv file with FITBIT_CLIENT_ID and FITBIT_CLIENT_SECRET, or JSON with client_id and client_secret.',
  });
}
