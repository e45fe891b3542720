import type { FastifyRequest } from 'fastify';
import type { FitbitClient } from '../clients.ts';
import type { Parameters } from '../parameters.ts';
import type { Registry } from '../registry.ts';
import type { Access } from './access-token.ts';
import type { FitbitLedger } from './ledger.ts';
import { expiredToken, invalidClient, invalidToken } from './wire.ts';

const MALFORMED = 'Invalid authorization header format.';

/**
 * The app that sends this request. A server app must prove itself with a Basic header, a client app has nothing to put
 * in one and names itself in the body, a personal app may do either.
 * @throws WireError 401 `invalid_client`
 */
export function authenticateClient(registry: Registry, request: FastifyRequest, body: Parameters): FitbitClient {
  const header = request.headers.authorization;
  return header === undefined ? byBody(registry, body) : byHeader(registry, header, body);
}

function byBody(registry: Registry, body: Parameters): FitbitClient {
  const client = registry.fitbitClient(body.get('client_id'));
  if (client === undefined || client.type === 'server') throw invalidClient(MALFORMED);
  return client;
}

function byHeader(registry: Registry, header: string, body: Parameters): FitbitClient {
  const [, encoded] = /^Basic ([A-Za-z0-9+/]+=*)$/i.exec(header) ?? [];
  const [, id, secret] = /^([^:]*):(.*)$/s.exec(Buffer.from(encoded ?? '', 'base64').toString()) ?? [];
  const client = registry.fitbitClient(id);
  if (client?.secret === undefined) throw invalidClient(MALFORMED);
  if (client.secret !== secret) throw invalidClient(`Invalid client secret for client id ${client.id}.`);
  const named = body.get('client_id');
  if (named !== undefined && named !== client.id) throw invalidClient('The client id of header and body differ.');
  return client;
}

/**
 * What the request's Bearer token (RFC 6750 §2.1) gives access to.
 * @throws WireError 401 `expired_token` or `invalid_token`
 */
export function authenticateBearer(ledger: FitbitLedger, request: FastifyRequest, now: Date): Access {
  const [, token = ''] = /^Bearer (\S+)$/i.exec(request.headers.authorization ?? '') ?? [];
  const access = ledger.access(token);
  if (access === undefined) throw invalidToken(token);
  if (access.expiresAt <= now) throw expiredToken(token);
  return access;
}
