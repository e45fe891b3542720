import type { FastifyRequest } from 'fastify';
import type { GoogleClient } from '../clients.ts';
import type { Parameters } from '../parameters.ts';
import type { Registry } from '../registry.ts';
import type { GoogleAccess, GoogleLedger } from './ledger.ts';
import { credentialsInvalid, credentialsMissing, oauthError } from './wire.ts';

/**
 * The app that sends this request: named, with its secret, in the body or in a Basic header (RFC 6749 §2.3.1). A
 * desktop app sends its secret too, although everybody can know it.
 * @throws WireError 401 `invalid_client`, 400 `invalid_request`
 */
export function authenticateClient(registry: Registry, request: FastifyRequest, body: Parameters): GoogleClient {
  const { id, secret } = credentials(request.headers.authorization) ?? {
    id: body.get('client_id'),
    secret: body.get('client_secret'),
  };
  if (id === undefined) throw oauthError(400, 'invalid_request', 'Could not determine client ID from request.');
  const client = registry.googleClient(id);
  if (client === undefined) throw oauthError(401, 'invalid_client', 'The OAuth client was not found.');
  if (client.secret === undefined) return client;
  if (secret === undefined) throw oauthError(400, 'invalid_request', 'client_secret is missing.');
  if (client.secret !== secret) throw oauthError(401, 'invalid_client', 'The provided client secret is invalid.');
  return client;
}

function credentials(header = ''): { readonly id?: string; readonly secret?: string } | undefined {
  const [, encoded] = /^Basic ([A-Za-z0-9+/]+=*)$/i.exec(header) ?? [];
  if (encoded === undefined) return undefined;
  const [, id, secret] = /^([^:]*):(.*)$/s.exec(Buffer.from(encoded, 'base64').toString()) ?? [];
  return id === undefined || secret === undefined ? {} : { id: formDecoded(id), secret: formDecoded(secret) };
}

/** RFC 6749 §2.3.1: both halves of the header are encoded as a form's values are. */
function formDecoded(value: string): string {
  return new URLSearchParams(`value=${value.replaceAll('&', '%26')}`).get('value') ?? '';
}

/**
 * What the request's Bearer token (RFC 6750 §2.1) gives access to.
 * @throws WireError 401 `UNAUTHENTICATED`
 */
export function authenticateBearer(ledger: GoogleLedger, request: FastifyRequest): GoogleAccess {
  const header = request.headers.authorization;
  if (header === undefined) throw credentialsMissing();
  const [, token = ''] = /^Bearer (\S+)$/i.exec(header) ?? [];
  const access = ledger.access(token);
  if (access === undefined) throw credentialsInvalid();
  return access;
}
