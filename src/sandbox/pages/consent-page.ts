import { html } from 'ghtml';
import { NAMES, type Service } from '../service.ts';
import type { Page } from './page.ts';

/** A scope as a checkbox. */
export interface Choice {
  readonly value: string;
  /** What a person reads. */
  readonly words: string;
  /** What a developer reads. */
  readonly name: string;
}

/** Somebody who can sign in. */
interface Account {
  readonly userId: string;
  readonly account: string;
  /** Whether the app expects this one: it comes first in mind, not first in the list. */
  readonly expected: boolean;
}

export interface ConsentPageFacts {
  readonly service: Service;
  /** Where the form goes. */
  readonly path: string;
  readonly client: { readonly id: string; readonly name: string };
  readonly redirectUri: string;
  readonly scopes: readonly Choice[];
  readonly people: readonly Account[];
  /** Works once, for this page's form. */
  readonly transaction: string;
  /** What was wrong with the last decision, if one was made. */
  readonly notice: string | undefined;
}

const ASKS = {
  fitbit: { title: 'asks to read pretend Fitbit data', legend: 'It may read' },
  google: { title: 'wants access to a pretend Google Account', legend: 'It may' },
} as const satisfies Record<Service, { title: string; legend: string }>;

/** Asks a person what the app may do. Works without a script. */
export function consentPage(facts: ConsentPageFacts): Page {
  const { service, path, client, redirectUri, scopes, people, transaction, notice } = facts;
  const { title, legend } = ASKS[service];
  const main = html`<h1>${client.name} ${title}</h1>
<p class="soft">Untick anything it should not see. Nothing that you allow here reaches a real account.</p>
!${notice === undefined ? '' : html`<p class="notice" role="alert">${notice}</p>`}
<dl>
<dt>Client id</dt><dd><code>${client.id}</code></dd>
<dt>Goes back to</dt><dd><code>${redirectUri}</code></dd>
</dl>
<form method="post" action="${path}">
<input type="hidden" name="transaction" value="${transaction}">
<fieldset>
<legend>${legend}</legend>
<ul class="scopes">
!${scopes.map(scopeItem)}
</ul>
</fieldset>
!${personField(people)}
<div class="actions">
<button type="submit" name="decision" value="deny">Deny</button>
<button type="submit" name="decision" value="allow">Allow</button>
</div>
</form>
<footer>Served by fitbit-login on this machine, to try a sign-in without ${NAMES[service]}.</footer>`;
  return { service, title: `Allow ${client.name}?`, main, leadsTo: redirectUri };
}

/** Shown to a decision whose page was answered before, or was never served. */
export function decisionLostPage(service: Service): Page {
  const main = html`<h1>This page was answered before</h1>
<p class="soft">A consent page can be answered once. Start the sign-in again from the app.</p>`;
  return { service, title: 'Already answered', main };
}

function scopeItem({ value, words, name }: Choice): string {
  const breakable = html`${name}`.replaceAll(/[_.]/g, '$&<wbr>');
  return html`<li><label><input type="checkbox" name="scope" value="${value}" checked>${words} <code>!${breakable}</code></label></li>
`;
}

/** Nobody is asked to choose from one. */
function personField(people: readonly Account[]): string {
  const [only, second] = people;
  if (only !== undefined && second === undefined) {
    return html`<p class="who">Signing in: ${only.account}</p><input type="hidden" name="person" value="${only.userId}">`;
  }
  const options = people.map(({ userId, account, expected }) =>
    expected
      ? html`<option value="${userId}" selected="selected">${account}</option>`
      : html`<option value="${userId}">${account}</option>`,
  );
  return html`<label class="who" for="person">Who is signing in?</label>
<select id="person" name="person">!${options}</select>`;
}
