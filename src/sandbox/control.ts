import type { FastifyInstance } from 'fastify';
import { html } from 'ghtml';
import * as v from 'valibot';
import { type Context, stateOf } from './context.ts';
import { FAULT_KINDS, PLACES } from './faults.ts';
import { type Page, sendPage } from './pages.ts';
import { CLIENT_TYPES, PUBLISHING, type Registry, type SandboxClient } from './registry.ts';
import { ENDPOINTS, fitbitError } from './wire.ts';

const ClockStep = v.strictObject({ step_seconds: v.number() });
const FaultsToClear = v.object({ at: v.optional(v.picklist(PLACES)) });
const NewClient = v.strictObject({
  id: v.pipe(v.string(), v.nonEmpty()),
  secret: v.optional(v.string()),
  type: v.optional(v.picklist(CLIENT_TYPES)),
  name: v.optional(v.string()),
  redirectUris: v.optional(v.array(v.string())),
  publishing: v.optional(v.picklist(PUBLISHING)),
});

/** The index page, and the control API: state, clock, faults and apps. */
export function controlRoutes(app: FastifyInstance, context: Context): void {
  const { clock, faults, registry } = context;

  app.get('/', (_request, reply) => sendPage(reply, 200, indexPage(registry)));

  app.get('/sandbox/state', () => stateOf(context));

  app.post('/sandbox/clock', (request) => {
    clock.step(parse(ClockStep, request.body).step_seconds * 1000);
    return stateOf(context);
  });

  app.post('/sandbox/faults', (request) => {
    faults.add(request.body);
    return stateOf(context);
  });

  app.delete('/sandbox/faults', (request) => {
    faults.clear(parse(FaultsToClear, request.query).at);
    return stateOf(context);
  });

  app.post('/sandbox/clients', (request) => {
    registry.register(parse(NewClient, request.body));
    return stateOf(context);
  });
}

/** @throws WireError 400 `invalid_request` that says what is wrong */
function parse<T>(schema: v.GenericSchema<unknown, T>, input: unknown): T {
  const parsed = v.safeParse(schema, input);
  if (parsed.success) return parsed.output;
  throw fitbitError(400, v.summarize(parsed.issues));
}

type Row = readonly [request: string, words: string, example?: string];

const FITBIT: readonly Row[] = [
  ['GET /oauth2/authorize', 'the consent page'],
  ['POST /oauth2/token', 'exchanges codes and refresh tokens'],
  ['POST /oauth2/revoke', 'ends all of a person’s tokens for an app'],
  ['POST /1.1/oauth2/introspect', 'describes an access token'],
  ['GET /1/user/-/profile.json', 'needs the scope profile'],
  ['GET /1/user/-/activities/date/2026-01-31.json', 'needs the scope activity'],
  ['POST /1/user/-/body/log/weight.json', 'needs the scope weight; echoes the request'],
];

const GOOGLE: readonly Row[] = [
  ['GET /o/oauth2/v2/auth', 'the consent page'],
  ['POST /token', 'exchanges codes and refresh tokens; with openid, also for an ID token'],
  ['POST /revoke', 'revokes a person’s consent to a project'],
  ['POST /tokeninfo', 'describes an access token'],
  ['GET /v4/users/me/identity', 'needs any scope that reads health data'],
  ['GET /v4/users/me/dataTypes/steps/dataPoints', 'needs the scope activity_and_fitness.readonly'],
  ['POST /v4/users/me/dataTypes/steps/dataPoints:rollUp', 'the same; takes JSON and echoes it'],
];

const CONTROLS: readonly Row[] = [
  ['GET /sandbox/state', 'shows people, apps, grants, faults and counts'],
  ['POST /sandbox/clock', 'moves the clock', '{"step_seconds": 28800}'],
  ['POST /sandbox/faults', 'injects a fault', '{"at": "token", "kind": "status", "status": 503, "times": 1}'],
  ['POST /sandbox/faults', 'retires Fitbit', '{"at": "fitbit", "kind": "status", "status": 410}'],
  ['POST /sandbox/faults', 'refuses, as Google does', '{"at": "google", "kind": "service-disabled"}'],
  ['DELETE /sandbox/faults', 'clears all faults; ?at=token those posted for token'],
  [
    'POST /sandbox/clients',
    'adds an app, or a redirect URI to one',
    '{"id": "23TSTS", "redirectUris": ["http://127.0.0.1:9000/callback"]}',
  ],
];

/** Describes this server at its root address. */
function indexPage(registry: Registry): Page {
  const main = html`<h1>Sandbox for Fitbit and Google Health</h1>
<p class="lead">It simulates their authorization servers with sample people and data, on this computer only, and forgets everything when it ends.</p>
<h2>Google Health</h2>
!${clientTable(registry.clientsOf('google'))}
!${table(GOOGLE)}
<h2>Fitbit</h2>
!${clientTable(registry.clientsOf('fitbit'))}
!${table(FITBIT)}
<h2>People</h2>
<table>
<thead><tr><th>User ID</th><th>Name</th><th>Google Account</th><th>Google Health account</th></tr></thead>
<tbody>!${registry.people.map(
    ({ userId, displayName, email, link }) =>
      html`<tr><td><code>${userId}</code></td><td>${displayName}</td><td>${email}</td><td>${link.replaceAll('-', ' ')}</td></tr>`,
  )}</tbody>
</table>
<h2>Controls</h2>
<p class="soft">They take and return JSON.</p>
!${table(CONTROLS)}
<h2>Faults</h2>
<p class="soft">For ${ENDPOINTS.google.join(', ')}; prefix fitbit- or google- for one service only; fitbit or google alone for all of its endpoints.</p>
<p>!${FAULT_KINDS.map((kind) => html`<code>${kind}</code> `)}</p>`;
  return { title: 'Fitbit and Google Health', main, wide: true };
}

function clientTable(clients: readonly SandboxClient[]): string {
  return html`<table>
<thead><tr><th>Client ID</th><th>Type</th><th>Secret (public, for the sandbox only)</th><th>Redirect URIs</th></tr></thead>
<tbody>!${clients.map(clientRow)}</tbody>
</table>`;
}

function clientRow({ id, type, secret, redirectUris }: SandboxClient): string {
  const listed = redirectUris.map((uri) => html`<code>${uri}</code><br>`);
  const uris = type === 'desktop' ? [html`any loopback address<br>`, ...listed] : listed;
  const breakable = html`${id}`.replaceAll('.', '<wbr>.');
  return html`<tr><td><code>!${breakable}</code></td><td>${type}</td><td><code>${secret ?? 'none'}</code></td><td>!${uris}</td></tr>`;
}

function table(rows: readonly Row[]): string {
  const body = rows.map(([request, words, example]) => {
    const shown = example === undefined ? '' : html`<br><code>${example}</code>`;
    return html`<tr><td><code>${request}</code></td><td>${words}!${shown}</td></tr>`;
  });
  return html`<table><tbody>!${body}</tbody></table>`;
}
