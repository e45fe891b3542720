import { html } from 'ghtml';
import type { Page } from '../pages/page.ts';
import type { Judgement, RefusalReason } from './authorization-request.ts';

const WORDS = {
  'repeated-parameter': 'This parameter came more than once:',
  'missing-parameter': 'This parameter is missing:',
  'unknown-client': 'No app is registered with this client id:',
  'redirect-mismatch': 'The app has not registered this redirect URI; it has to be the same to the byte:',
  'response-type': 'Only the response type “code” is supported, not:',
  'code-challenge': 'The PKCE code challenge has to be an S256 one:',
  'unknown-scope': 'There is no such scope:',
  prompt: 'The prompt has to be none, consent, login or “login consent”, not:',
} as const satisfies Record<RefusalReason, string>;

/** Shown in the place of a redirect: nothing goes back to an app whose request cannot be trusted. */
export function refusalPage({ reason, about }: Extract<Judgement, { kind: 'refused' }>): Page {
  const main = html`<h1>This request cannot be answered</h1>
<p>${WORDS[reason]}<br><code>${about}</code></p>
<p class="soft">The app that sent you here is not told. Its sign-in goes on waiting until it times out.</p>`;
  return { service: 'fitbit', title: 'Request refused', main };
}
