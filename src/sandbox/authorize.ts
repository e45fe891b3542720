import { randomBytes } from 'node:crypto';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { html } from 'ghtml';
import type { Context } from './context.ts';
import { type Page, RefusedRequest, sendPage } from './pages.ts';
import type { Registry, SandboxClient, SandboxPerson } from './registry.ts';
import type { Authorization } from './tokens.ts';
import { NAMES, Parameters, type Service } from './wire.ts';

/** What an app asks a person for. */
export interface AuthorizationRequest extends Omit<Authorization, 'clientId' | 'userId' | 'testing'> {
  readonly client: SandboxClient;
  readonly state?: string;
  /** `prompt=none`: back to the app without asking. */
  readonly silent: boolean;
  /** An account that the app expects: its person comes preselected. */
  readonly hint?: string;
}

/** A service's authorization endpoint, as far as it differs from the other's. */
export interface AuthorizationRules {
  readonly service: Service;
  readonly path: string;
  /** Everybody with an account there. */
  readonly people: readonly SandboxPerson[];
  readonly account: (person: SandboxPerson) => string;
  /** Every scope, in plain words. */
  readonly scopes: ReadonlyMap<string, { readonly words: string }>;
  /** A scope's full name. Default: the name itself. */
  readonly fullScope?: (name: string) => string;
  /** Why an unknown scope is refused. Default: as an unknown scope, with 400. */
  readonly unknownScope?: (name: string) => readonly [words: string, status: number] | undefined;
  readonly prompts: readonly string[];
  /** Both return where the browser goes. `origin` is the one by which it knows this server. */
  denied(request: AuthorizationRequest, error: 'access_denied' | 'login_required'): string;
  allowed(request: AuthorizationRequest, granted: { code: string; scopes: readonly string[]; origin: string }): string;
}

// More pages than a person could have open. The oldest makes room, so that requests cannot fill the memory.
const MAX_OPEN = 1_000;

// RFC 8252 §7.3: a desktop app registers no redirect URI; any loopback port and path will do.
const LOOPBACK = /^http:\/\/(127\.0\.0\.1|\[::1\]|localhost)(:\d{1,5})?(\/[^#]*)?$/;

// BASE64URL(SHA256(verifier)) is always 43 characters: RFC 7636 §4.2.
const S256_CHALLENGE = /^[A-Za-z0-9_-]{43}$/;

/** The consent page, and the redirect back with the decision. */
export function authorizeRoutes(app: FastifyInstance, context: Context, rules: AuthorizationRules): void {
  const { service, path, people } = rules;
  // Requests whose page is open. A decision must name its page's transaction, which works once.
  const open = new Map<string, AuthorizationRequest>();

  const ask = (reply: FastifyReply, request: AuthorizationRequest, notice?: string) => {
    const [oldest] = open.keys();
    if (oldest !== undefined && open.size >= MAX_OPEN) open.delete(oldest);
    const transaction = randomBytes(16).toString('hex');
    open.set(transaction, request);
    return sendPage(reply, notice === undefined ? 200 : 400, consentPage(rules, request, transaction, notice));
  };

  app.get(path, context.faults.at(service, 'authorize'), (httpRequest, reply) => {
    const request = validateRequest(new Parameters(httpRequest.query), context.registry, rules);
    // OpenID Connect Core §3.1.2.6. The sandbox keeps no sessions, so it always has to ask.
    return request.silent ? reply.redirect(rules.denied(request, 'login_required')) : ask(reply, request);
  });

  app.post(path, context.faults.at(service, 'decision'), (httpRequest, reply) => {
    const form = new Parameters(httpRequest.body);
    const transaction = form.get('transaction') ?? '';
    const request = open.get(transaction);
    open.delete(transaction);
    if (request === undefined) return sendPage(reply, 403, lostPage(service));
    if (form.get('decision') !== 'allow') return reply.redirect(rules.denied(request, 'access_denied'));

    const person = people.find(({ userId }) => userId === form.get('person'));
    const ticked = form.all('scope');
    const scopes = request.scopes.filter((name) => ticked.includes(name));
    if (person === undefined) return ask(reply, request, 'Choose an account.');
    if (scopes.length === 0) return ask(reply, request, 'Leave at least one box ticked, or press Deny.');
    const { client, ...asked } = request;
    const testing = client.publishing === 'testing';
    const granted = { ...asked, clientId: client.id, userId: person.userId, scopes, testing };
    const code = context[service].issueCode(granted);
    return reply.redirect(rules.allowed(request, { code, scopes, origin: originOf(httpRequest) }));
  });
}

/** @throws RefusedRequest for an app whose request cannot be trusted: it is shown, and never redirected */
function validateRequest(parameters: Parameters, registry: Registry, rules: AuthorizationRules): AuthorizationRequest {
  const { service } = rules;
  const refusal = (words: string, about: string, error = 'invalid_request', status = 400) =>
    new RefusedRequest(service, status, error, words, about);
  const need = (name: string): string => {
    const value = parameters.get(name);
    if (value === undefined) throw refusal('Missing required parameter:', name);
    return value;
  };

  if (parameters.repeated !== undefined)
    throw refusal('A parameter can only have a single value:', parameters.repeated);
  const clientId = need('client_id');
  const client = registry.client(service, clientId);
  if (client === undefined)
    throw refusal('The OAuth client was not found:', clientId, 'invalid_client', service === 'google' ? 401 : 400);
  const redirectUri = need('redirect_uri');
  if (!acceptsRedirect(client, redirectUri)) {
    const words = 'The app has not registered this redirect URI, which must match byte for byte:';
    throw refusal(words, redirectUri, 'redirect_uri_mismatch');
  }
  const responseType = need('response_type');
  if (responseType !== 'code')
    throw refusal('The response type must be “code”, not:', responseType, 'unsupported_response_type');

  const codeChallenge = parameters.get('code_challenge');
  const pkce = challengeError(client, codeChallenge, parameters.get('code_challenge_method'));
  if (pkce !== undefined) throw refusal('The PKCE code challenge must be an S256 one:', pkce);

  const scope = need('scope');
  const names = scope.split(' ').filter(Boolean);
  const scopes = [...new Set(names.map((name) => rules.fullScope?.(name) ?? name))];
  const unknown = scopes.find((name) => !rules.scopes.has(name));
  if (unknown !== undefined || scopes.length === 0) {
    const about = unknown ?? scope;
    const [words, status] = rules.unknownScope?.(about) ?? ['Some requested scopes were invalid:', 400];
    throw refusal(words, about, 'invalid_scope', status);
  }

  const prompt = parameters.get('prompt') ?? '';
  const prompts = prompt.split(' ').filter(Boolean);
  const silent = prompts.includes('none');
  if (!prompts.every((name) => rules.prompts.includes(name)) || (silent && prompts.length > 1))
    throw refusal('Invalid parameter value for prompt:', prompt);
  const accessType = parameters.get('access_type') ?? 'online';
  if (service === 'google' && !['online', 'offline'].includes(accessType))
    throw refusal('Invalid access_type:', accessType);

  return {
    client,
    redirectUri,
    scopes,
    state: parameters.get('state'),
    nonce: parameters.get('nonce'),
    codeChallenge,
    offline: accessType === 'offline',
    anew: prompts.includes('consent'),
    silent,
    hint: service === 'google' ? parameters.get('login_hint') : undefined,
  };
}

function acceptsRedirect({ type, redirectUris }: SandboxClient, redirectUri: string): boolean {
  const isLoopback = LOOPBACK.test(redirectUri) && URL.canParse(redirectUri);
  return redirectUris.includes(redirectUri) || (type === 'desktop' && isLoopback);
}

/** What is wrong with a code challenge (RFC 7636 §4.3), if anything. */
function challengeError({ type }: SandboxClient, challenge?: string, method?: string): string | undefined {
  if (challenge === undefined) {
    if (method !== undefined) return 'code_challenge_method without code_challenge';
    // Nothing else ties the code to an app without a secret.
    return type === 'client' ? 'code_challenge is missing' : undefined;
  }
  // RFC 7636 §4.3: the default method is plain.
  if (method !== 'S256') return `code_challenge_method ${method ?? '(missing: plain)'}`;
  return S256_CHALLENGE.test(challenge) ? undefined : 'code_challenge is not 43 base64url characters';
}

/** The redirect URI with parameters added to its query; absent ones are left out. Spaces become `%20`, never `+`. */
export function withParameters(
  redirectUri: string,
  parameters: Readonly<Record<string, string | undefined>>,
  encode: (value: string) => string = encodeURIComponent,
): string {
  const query = Object.entries(parameters).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${encode(value)}`],
  );
  return `${redirectUri}${redirectUri.includes('?') ? '&' : '?'}${query.join('&')}`;
}

/** The origin by which the client knows this server. */
export function originOf({ protocol, host }: FastifyRequest): string {
  return `${protocol}://${host}`;
}

const WORDING = {
  fitbit: { title: 'asks to read your Fitbit data', legend: 'It may read' },
  google: { title: 'wants access to your Google Account', legend: 'It may' },
} as const satisfies Record<Service, { title: string; legend: string }>;

/** Works without script. */
function consentPage(
  { service, path, people, account, scopes: known }: AuthorizationRules,
  { client, redirectUri, scopes, hint }: AuthorizationRequest,
  transaction: string,
  notice = '',
): Page {
  const { title, legend } = WORDING[service];
  const options = people.map((person) => {
    const selected = hint !== undefined && [person.email, person.subject].includes(hint) ? ' selected="selected"' : '';
    return html`<option value="${person.userId}"!${selected}>${account(person)}</option>`;
  });
  const boxes = scopes.map((scope) => {
    const name = scope.replace(/^https:\/\/www\.googleapis\.com\/auth\/(googlehealth\.)?/, '');
    const breakable = html`${name}`.replaceAll(/[_.]/g, '$&<wbr>');
    return html`<li><label><input type="checkbox" name="scope" value="${scope}" checked><span>${known.get(scope)?.words}<code>!${breakable}</code></span></label></li>
`;
  });
  const main = html`<h1>${client.name} ${title}</h1>
<p class="lead">Try it out: nothing you allow here reaches a real account.</p>
!${notice && html`<p class="notice" role="alert">${notice}</p>`}
<form method="post" action="${path}">
<input type="hidden" name="transaction" value="${transaction}">
<label class="who" for="person">Account</label>
<select id="person" name="person">!${options}</select>
<fieldset>
<legend>${legend}</legend>
<ul class="scopes">
!${boxes}
</ul>
</fieldset>
<div class="actions">
<button type="submit" name="decision" value="deny">Deny</button>
<button type="submit" name="decision" value="allow">Allow</button>
</div>
</form>
<dl>
<dt>Client ID</dt><dd><code>${client.id}</code></dd>
<dt>Returns to</dt><dd><code>${redirectUri}</code></dd>
</dl>`;
  return { service, title: `Allow ${client.name}?`, main, leadsTo: redirectUri };
}

/** For a decision whose page was answered before, or never served. */
function lostPage(service: Service): Page {
  const main = html`<h1>This page was already answered</h1>
<p class="lead">You can answer a consent page once. Start the sign-in again from the app.</p>`;
  return { service, title: `Already answered · ${NAMES[service]}`, main };
}
