import { randomBytes } from 'node:crypto';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { html } from 'ghtml';
import type { Faults } from './faults.ts';
import { type Page, sendPage } from './pages.ts';
import type { SandboxPerson } from './people.ts';
import { NAMES, Parameters, type Service } from './wire.ts';

/** What an app asks a person for, as far as the services agree. */
export interface ConsentRequest<S extends string> {
  readonly client: { readonly id: string; readonly name: string };
  readonly redirectUri: string;
  readonly scopes: readonly S[];
  /** An account that the app expects: its person comes preselected. */
  readonly hint?: string;
}

export type ValidationResult<R> =
  | { readonly kind: 'ask'; readonly request: R }
  /** Back to the app without asking. */
  | { readonly kind: 'redirect'; readonly location: string }
  /** Shown here and never redirected: an app whose request cannot be trusted gets nothing back. */
  | { readonly kind: 'refused'; readonly status: number; readonly page: Page };

/** A scope as a checkbox: in plain words, and by its short name. */
export interface ScopeLabel {
  readonly words: string;
  readonly name: string;
}

export interface Allowed<S extends string> {
  readonly person: SandboxPerson;
  /** The ticked scopes: at least one. */
  readonly scopes: readonly S[];
  /** The origin by which the browser knows this server. */
  readonly origin: string;
}

/** A service's authorization endpoint: how it asks, and what it answers. */
export interface ConsentEndpoint<S extends string, R extends ConsentRequest<S>> {
  readonly service: Service;
  readonly path: string;
  /** Everybody with an account there. */
  readonly people: readonly SandboxPerson[];
  readonly label: (scope: S) => ScopeLabel;
  readonly account: (person: SandboxPerson) => string;
  validate(query: Parameters): ValidationResult<R>;
  /** Both return where the browser goes. */
  denied(request: R): string;
  allowed(request: R, decision: Allowed<S>): string;
}

// More pages than a person could have open. The oldest makes room, so that requests cannot fill the memory.
const MAX_OPEN = 1_000;

/** The consent page, and the redirect back with the decision. */
export function consentRoutes<S extends string, R extends ConsentRequest<S>>(
  app: FastifyInstance,
  faults: Faults,
  endpoint: ConsentEndpoint<S, R>,
): void {
  const { service, path, people } = endpoint;
  // Requests whose page is open. A decision must name its page's transaction, which works once.
  const open = new Map<string, R>();

  const ask = (reply: FastifyReply, request: R, notice?: string) => {
    const [oldest] = open.keys();
    if (oldest !== undefined && open.size >= MAX_OPEN) open.delete(oldest);
    const transaction = randomBytes(16).toString('hex');
    open.set(transaction, request);
    return sendPage(reply, notice === undefined ? 200 : 400, consentPage(endpoint, request, transaction, notice));
  };

  app.get(path, faults.at(service, 'authorize'), (request, reply) => {
    const result = endpoint.validate(new Parameters(request.query));
    if (result.kind === 'refused') return sendPage(reply, result.status, result.page);
    if (result.kind === 'redirect') return reply.redirect(result.location);
    return ask(reply, result.request);
  });

  app.post(path, faults.at(service, 'decision'), (httpRequest, reply) => {
    const form = new Parameters(httpRequest.body);
    const transaction = form.get('transaction') ?? '';
    const request = open.get(transaction);
    open.delete(transaction);
    if (request === undefined) return sendPage(reply, 403, lostPage(service));
    if (form.get('decision') !== 'allow') return reply.redirect(endpoint.denied(request));

    const person = people.find(({ userId }) => userId === form.get('person'));
    const ticked = form.all('scope');
    const scopes = request.scopes.filter((name) => ticked.includes(name));
    if (person === undefined) return ask(reply, request, 'Choose an account.');
    if (scopes.length === 0) return ask(reply, request, 'Leave at least one box ticked, or press Deny.');
    return reply.redirect(endpoint.allowed(request, { person, scopes, origin: originOf(httpRequest) }));
  });
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
function consentPage<S extends string, R extends ConsentRequest<S>>(
  { service, path, people, label, account }: ConsentEndpoint<S, R>,
  { client, redirectUri, scopes, hint }: R,
  transaction: string,
  notice: string | undefined,
): Page {
  const { title, legend } = WORDING[service];
  const boxes = scopes.map((scope) => {
    const { words, name } = label(scope);
    const breakable = html`${name}`.replaceAll(/[_.]/g, '$&<wbr>');
    return html`<li><label><input type="checkbox" name="scope" value="${scope}" checked><span>${words}<code>!${breakable}</code></span></label></li>
`;
  });
  const main = html`<h1>${client.name} ${title}</h1>
<p class="lead">Try it out: nothing you allow here reaches a real account.</p>
!${notice === undefined ? '' : html`<p class="notice" role="alert">${notice}</p>`}
<form method="post" action="${path}">
<input type="hidden" name="transaction" value="${transaction}">
!${accountField(people, account, hint)}
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

function accountField(
  people: readonly SandboxPerson[],
  account: (person: SandboxPerson) => string,
  hint: string | undefined,
): string {
  const [only, second] = people;
  if (only !== undefined && second === undefined) {
    return html`<p class="who">Account: ${account(only)}</p><input type="hidden" name="person" value="${only.userId}">`;
  }
  const options = people.map((person) =>
    hint !== undefined && [person.email, person.subject].includes(hint)
      ? html`<option value="${person.userId}" selected="selected">${account(person)}</option>`
      : html`<option value="${person.userId}">${account(person)}</option>`,
  );
  return html`<label class="who" for="person">Account</label>
<select id="person" name="person">!${options}</select>`;
}

/** For a decision whose page was answered before, or never served. */
function lostPage(service: Service): Page {
  const main = html`<h1>This page was already answered</h1>
<p class="lead">You can answer a consent page once. Start the sign-in again from the app.</p>`;
  return { service, title: `Already answered · ${NAMES[service]}`, main };
}
