import { html } from 'ghtml';
import { FAULT_KINDS, PLACES } from '../fault.ts';
import type { Registry, SandboxClient } from '../registry.ts';
import type { Page } from './page.ts';

const ENDPOINTS = [
  ['GET /oauth2/authorize', 'the consent page'],
  ['POST /oauth2/token', 'codes and refresh tokens for tokens'],
  ['POST /oauth2/revoke', 'ends all of a person’s tokens for an app'],
  ['POST /1.1/oauth2/introspect', 'says what a token is good for'],
  ['GET /1/user/-/profile.json', 'needs the scope profile'],
  ['GET /1/user/-/activities/date/2026-01-31.json', 'needs the scope activity'],
  ['POST /1/user/-/body/log/weight.json', 'needs the scope weight; says back what it was sent'],
] as const;

const CONTROLS = [
  ['GET /sandbox/state', 'what the sandbox knows and has counted', ''],
  ['POST /sandbox/clock', 'moves the clock', '{"step_seconds": 28800}'],
  ['POST /sandbox/faults', 'makes something go wrong', '{"at": "token", "kind": "status", "status": 503, "times": 1}'],
  ['DELETE /sandbox/faults', 'mends everything; ?at=token mends one endpoint', ''],
  [
    'POST /sandbox/clients',
    'adds an app, or a redirect URI to one',
    '{"id": "23TSTS", "redirectUris": ["http://127.0.0.1:9000/callback"]}',
  ],
] as const;

/** What this server is, for whoever opens its address. */
export function indexPage({ clients }: Registry): Page {
  const main = html`<h1>A sandbox for signing in to Fitbit</h1>
<p class="soft">It answers as Fitbit’s authorization server does, with made-up people and data, on this machine only. It forgets everything when it ends.</p>
<h2>Registered apps</h2>
<table>
<thead><tr><th>Client id</th><th>Type</th><th>Secret (public, for the sandbox only)</th><th>Redirect URIs</th></tr></thead>
<tbody>!${clients.map(clientRow)}</tbody>
</table>
<h2>Endpoints</h2>
!${rows(ENDPOINTS)}
<h2>Controls</h2>
<p class="soft">JSON in, JSON out.</p>
!${rows(CONTROLS)}
<h2>Faults</h2>
<p class="soft">They strike at: ${PLACES.join(', ')}.</p>
<p>${FAULT_KINDS.join(', ')}</p>`;
  return { title: 'Fitbit look-alike', main, wide: true };
}

function clientRow({ id, type, secret, redirectUris }: SandboxClient): string {
  const uris = redirectUris.map((uri) => html`<code>${uri}</code><br>`);
  return html`<tr><td><code>${id}</code></td><td>${type}</td><td><code>${secret ?? 'none'}</code></td><td>!${uris}</td></tr>`;
}

function rows(entries: readonly (readonly [request: string, words: string, example?: string])[]): string {
  const body = entries.map(([request, words, example]) => {
    const shown = example ? html`<br><code>${example}</code>` : '';
    return html`<tr><td><code>${request}</code></td><td>${words}!${shown}</td></tr>`;
  });
  return html`<table><tbody>!${body}</tbody></table>`;
}
