import type { FastifyRequest } from 'fastify';
import type { Access, Ledger } from './ledger.ts';
import type { Parameters } from './parameters.ts';
import type { ClientType, Registry, SandboxClient } from './registry.ts';
import { expiredToken, invalidClient, invalidToken } from './wire.ts';

/** Whether an app of this type proves itself with its secret in a Basic header. */
const BASIC = { server: 'required', client: 'refused', personal: 'welcome' } as const satisfies Record<
  ClientType,
  string
>;

const MALFORMED = 'Invalid authorization header format.';

/**
 * The app that sends this request: by Basic header, or by `client_id` in the body, as its type has it.
 * @throws WireError 401 `invalid_client`
 */
export function authenticateClient(registry: Registry, request: FastifyRequest, body: Parameters): SandboxClient {
  const header = request.headers.authorization;
  return header === undefined ? byBody(registry, body) : byHeader(registry, header, body);
}

function byBody(registry: Registry, body: Parameters): SandboxClient {
  const client = registry.client(body.get('client_id'));
  if (client === undefined || BASIC[client.type] === 'required') throw invalidClient(MALFORMED);
  return client;
}

function byHeader(registry: Registry, header: string, body: Parameters): SandboxClient {
  const [, encoded] = /^Basic ([A-Za-z0-9+/]+=*)$/i.exec(header) ?? [];
  const [, id, secret] = /^([^:]*):(.*)$/s.exec(Buffer.from(encoded ?? '', 'base64').toString()) ?? [];
  const client = registry.client(id);
  if (client === undefined || BASIC[client.type] === 'refused') throw invalidClient(MALFORMED);
  if (client.secret !== secret) throw invalidClient(`Invalid client secret for client id ${client.id}.`);
  const named = body.get('client_id');
  if (named !== undefined && named !== client.id) throw invalidClient('The client id of header and body differ.');
  return client;
}

/**
 * What the request's Bearer token (RFC 6750 §2.1) gives access to.
 * @throws WireError 401 `expired_token` or `invalid_token`
 */
export function authenticateBearer(ledger: Ledger, request: FastifyRequest, now: Date): Access {
  const [, token = ''] = /^Bearer (\S+)$/i.exec(request.headers.authorization ?? '') ?? [];
  const access = ledger.access(token);
  if (access === undefined) throw invalidToken(token);
  if (access.expiresAt <= now) throw expiredToken(token);
  return access;
}
