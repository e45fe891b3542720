import { html } from 'ghtml';
import type { AuthorizationRequest } from '../authorization-request.ts';
import type { Person } from '../registry.ts';
import { SCOPES, type Scope } from '../scopes.ts';
import type { Page } from './page.ts';

export interface ConsentPageFacts {
  readonly request: AuthorizationRequest;
  /** Works once, for this page's form. */
  readonly transaction: string;
  readonly people: readonly Person[];
  /** What was wrong with the last decision, if one was made. */
  readonly notice?: string | undefined;
}

/** Asks a person what the app may read. Works without a script. */
export function consentPage({ request, transaction, people, notice }: ConsentPageFacts): Page {
  const { client, redirectUri, scopes } = request;
  const main = html`<h1>${client.name} asks to read pretend Fitbit data</h1>
<p class="soft">Untick anything it should not see. Nothing that you allow here reaches a real account.</p>
!${notice === undefined ? '' : html`<p class="notice" role="alert">${notice}</p>`}
<dl>
<dt>Client id</dt><dd><code>${client.id}</code></dd>
<dt>Goes back to</dt><dd><code>${redirectUri}</code></dd>
</dl>
<form method="post" action="/oauth2/authorize">
<input type="hidden" name="transaction" value="${transaction}">
<fieldset>
<legend>It may read</legend>
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
<footer>Served by fitbit-login on this machine, to try a sign-in without Fitbit.</footer>`;
  return { title: `Allow ${client.name}?`, main, leadsTo: redirectUri };
}

function scopeItem(scope: Scope): string {
  const breakable = scope.replaceAll('_', '_<wbr>');
  return html`<li><label><input type="checkbox" name="scope" value="${scope}" checked>${SCOPES[scope].words} <code>!${breakable}</code></label></li>
`;
}

/** Nobody is asked to choose from one. */
function personField(people: readonly Person[]): string {
  const [only, second] = people;
  if (only !== undefined && second === undefined) {
    return html`<p class="who">Signing in: ${only.displayName}</p><input type="hidden" name="person" value="${only.userId}">`;
  }
  const options = people.map(
    ({ userId, displayName }) => html`<option value="${userId}">${displayName} (${userId})</option>`,
  );
  return html`<label class="who" for="person">Who is signing in?</label>
<select id="person" name="person">!${options}</select>`;
}
