import { html } from 'ghtml';
import type { Page } from '../pages/page.ts';
import type { Refusal } from './authorization-request.ts';

/** Shown in the place of a redirect, with the line by which people look for help. */
export function refusalPage({ status, error, words, about }: Refusal): Page {
  const main = html`<h1>Access blocked: this app’s request is invalid</h1>
<p>Error ${String(status)}: ${error}</p>
<p>${words}<br><code>${about}</code></p>
<p class="soft">The app that sent you here is not told. Its sign-in goes on waiting until it times out.</p>`;
  return { service: 'google', title: 'Access blocked', main };
}
