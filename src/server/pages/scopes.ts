import { html } from 'ghtml';
import { SETUP } from './before-texts.ts';
import type { ProviderChoice, ScopeChoice, SetupView } from './site-view.ts';

/** The scopes of a provider are the fields of this name and its id. */
export const SCOPES_OF = 'scopes:';

/**
 * What may be read at each provider. Where several are offered, all but the recognised one are folded away; the script shows
 * the one of the client id that is being typed.
 */
export function scopeChoices({ providers, provider }: SetupView, described: string): string {
  const [only] = providers;
  if (only !== undefined && providers.length === 1) return fieldset(only, described);
  return providers
    .map(
      (one) =>
        html`<details data-scopes="${one.id}" !${one.id === provider ? 'open' : ''}><summary>${SETUP.scopesAt(one.name)}</summary>!${fieldset(one, described)}</details>`,
    )
    .join('');
}

function fieldset({ id, name, scopes }: ProviderChoice, described: string): string {
  // The empty field says that this provider was offered, also with nothing ticked.
  return html`<fieldset !${described}><legend>${SETUP.scopesAt(name)}</legend><input type="hidden" name="${SCOPES_OF}${id}" value=""><div class="ticks">!${scopes.map((scope) => tick(id, scope))}</div></fieldset>`;
}

function tick(provider: string, { name, words, ticked }: ScopeChoice): string {
  return html`<label><input type="checkbox" name="${SCOPES_OF}${provider}" value="${name}" !${ticked ? 'checked' : ''}><span>${words} <small>!${breakable(name)}</small></span></label>`;
}

/** A name that is broken between its words where it is too long for the line. */
function breakable(name: string): string {
  return name
    .split(/(?<=[._/])/)
    .map((part) => html`${part}`)
    .join('<wbr>');
}
