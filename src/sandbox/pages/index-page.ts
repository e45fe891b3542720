import { html } from 'ghtml';
import type { SandboxClient } from '../clients.ts';
import { FAULT_KINDS } from '../fault-kind.ts';
import type { Registry } from '../registry.ts';
import { SPOTS } from '../service.ts';
import type { Page } from './page.ts';

const FITBIT = [
  ['GET /oauth2/authorize', 'the consent page'],
  ['POST /oauth2/token', 'codes and refresh tokens for tokens'],
  ['POST /oauth2/revoke', 'ends all of a person’s tokens for an app'],
  ['POST /1.1/oauth2/introspect', 'says what a token is good for'],
  ['GET /1/user/-/profile.json', 'needs the scope profile'],
  ['GET /1/user/-/activities/date/2026-01-31.json', 'needs the scope activity'],
  ['POST /1/user/-/body/log/weight.json', 'needs the scope weight; says back what it was sent'],
] as const;

const GOOGLE = [
  ['GET /o/oauth2/v2/auth', 'the consent page'],
  ['POST /token', 'codes and refresh tokens for access tokens'],
  ['POST /revoke', 'takes back a person’s consent to an app'],
  ['POST /tokeninfo', 'says what a token is good for'],
  ['GET /v4/users/me/identity', 'needs any scope that reads'],
  ['GET /v4/users/me/dataTypes/steps/dataPoints', 'needs the scope activity_and_fitness.readonly'],
] as const;

const CONTROLS = [
  ['GET /sandbox/state', 'what the sandbox knows and has counted', ''],
  ['POST /sandbox/clock', 'moves the clock', '{"step_seconds": 28800}'],
  ['POST /sandbox/faults', 'makes something go wrong', '{"at": "token", "kind": "status", "status": 503, "times": 1}'],
  ['POST /sandbox/faults', 'retires Fitbit', '{"at": "fitbit", "kind": "status", "status": 410}'],
  ['DELETE /sandbox/faults', 'mends everything; ?at=token what was posted for token', ''],
  [
    'POST /sandbox/clients',
    'adds an app, or a redirect URI to one',
    '{"id": "23TSTS", "redirectUris": ["http://127.0.0.1:9000/callback"]}',
  ],
] as const;

const LINKS = {
  linked: 'has a profile',
  'not-linked': 'has no profile, and no Fitbit account',
  'legacy-login': 'still signs in the old Fitbit way',
} as const;

/** What this server is, for whoever opens its address. */
export function indexPage({ fitbitClients, googleClients, people }: Registry): Page {
  const main = html`<h1>A sandbox for signing in to Fitbit and Google Health</h1>
<p class="soft">It answers as their authorization servers do, with made-up people and data, on this machine only. It forgets everything when it ends.</p>
<h2>Fitbit</h2>
!${clientTable(fitbitClients)}
!${rows(FITBIT)}
<h2>Google Health</h2>
!${clientTable(googleClients)}
!${rows(GOOGLE)}
<h2>People</h2>
<table>
<thead><tr><th>User id</th><th>Name</th><th>Google account</th><th>At Google Health</th></tr></thead>
<tbody>!${people.map(
    ({ userId, displayName, email, link }) =>
      html`<tr><td><code>${userId}</code></td><td>${displayName}</td><td>${email}</td><td>${LINKS[link]}</td></tr>`,
  )}</tbody>
</table>
<h2>Controls</h2>
<p class="soft">JSON in, JSON out.</p>
!${rows(CONTROLS)}
<h2>Faults</h2>
<p class="soft">They strike at: ${SPOTS.google.join(', ')}. With fitbit- or google- before it, at one service only; at fitbit or google, at all of it.</p>
<p>${FAULT_KINDS.join(', ')}</p>`;
  return { title: 'Fitbit and Google look-alike', main, wide: true };
}

function clientTable(clients: readonly SandboxClient[]): string {
  return html`<table>
<thead><tr><th>Client id</th><th>Type</th><th>Secret (public, for the sandbox only)</th><th>Redirect URIs</th></tr></thead>
<tbody>!${clients.map(clientRow)}</tbody>
</table>`;
}

function clientRow({ id, type, secret, redirectUris }: SandboxClient): string {
  const listed = redirectUris.map((uri) => html`<code>${uri}</code><br>`);
  const uris = type === 'desktop' ? [html`any address of this machine<br>`, ...listed] : listed;
  // Google's ids are long: they may break where a reader would take a breath.
  const breakable = html`${id}`.replaceAll('.', '<wbr>.');
  return html`<tr><td><code>!${breakable}</code></td><td>${type}</td><td><code>${secret ?? 'none'}</code></td><td>!${uris}</td></tr>`;
}

function rows(entries: readonly (readonly [request: string, words: string, example?: string])[]): string {
  const body = entries.map(([request, words, example]) => {
    const shown = example ? html`<br><code>${example}</code>` : '';
    return html`<tr><td><code>${request}</code></td><td>${words}!${shown}</td></tr>`;
  });
  return html`<table><tbody>!${body}</tbody></table>`;
}
