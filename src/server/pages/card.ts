import { html } from 'ghtml';
import { factRow } from './before-result.ts';
import { ACTIONS, moment, STATUS } from './before-texts.ts';
import { cardId } from './card-id.ts';
import { lifeBar } from './life.ts';
import { toneMark } from './mark.ts';
import { postForm, type Shell } from './shell.ts';
import type { Action, ProfileCard } from './site-view.ts';

interface CardOptions {
  readonly shell: Shell;
  /** Whether history and file are unfolded. */
  readonly open: boolean;
}

/** One profile: what is wrong and what mends it, what is known, what can be done, and what has happened. */
export function profileCard(card: ProfileCard, { shell, open }: CardOptions): string {
  const id = cardId(card.name);
  const badge = card.sandbox === undefined ? '' : html`<span class="badge">${STATUS.sandbox}</span>`;
  return html`<article class="card !${card.tone}" id="${id}" aria-labelledby="${id}-name" tabindex="-1">
<div class="head"><h2 id="${id}-name">${card.name}</h2>!${badge}!${toneMark(card.tone, card.state)}</div>
!${problem(card, shell)}
<dl>!${facts(card)}!${lifeBar(card, shell.now)}!${more(card)}</dl>
!${actions(card, shell)}
<details id="${id}-more" !${open ? 'open' : ''}><summary>${STATUS.more}<span class="unseen"> ${card.name}</span></summary>!${timeLine(card)}<dl>!${fileFacts(card)}</dl></details>
</article>`;
}

function problem(card: ProfileCard, shell: Shell): string {
  if (card.problem === undefined) return '';
  const { text, action } = card.problem;
  const mend = action === undefined ? '' : buttons(card, [action], shell, 'button');
  return html`<div class="problem"><p>${text}</p>!${mend}</div>`;
}

function facts({ account, provider, sandbox, app }: ProfileCard): string {
  const rows = [
    ...(account === undefined ? [] : [{ label: STATUS.account, value: account }]),
    { label: STATUS.provider, value: sandbox === undefined ? provider : STATUS.providerAt(provider, sandbox) },
    { label: STATUS.app, value: app },
  ];
  return rows.map(factRow).join('');
}

function more({ grantEnds, scopes, missingScopes, facts: others = [] }: ProfileCard): string {
  const granted = scopes.map(({ name, words }) => words ?? name);
  const rows = [
    ...(grantEnds === undefined ? [] : [{ label: STATUS.grant, value: moment(grantEnds) }]),
    { label: STATUS.scopes, value: granted.length === 0 ? STATUS.noScopes : granted },
    ...(missingScopes.length === 0 ? [] : [{ label: STATUS.missing, value: missingScopes }]),
    ...others,
  ];
  return rows.map(factRow).join('');
}

/** What can be done and is not offered as the mending of a problem already. */
function actions(card: ProfileCard, shell: Shell): string {
  const signedIn = card.life !== undefined || card.scopes.length > 0;
  // A profile that cannot even be read has no button that would mend it.
  if (!signedIn && card.problem !== undefined && card.problem.action === undefined) return '';
  const possible: readonly Action[] = [
    ...(card.refreshable ? (['refresh'] as const) : []),
    ...(signedIn ? (['check'] as const) : []),
    'sign-in',
  ];
  const offered = possible.filter((action) => action !== card.problem?.action);
  const sure = html`<details class="sure" id="${cardId(card.name)}-sure"><summary class="button plain">${STATUS.signOut}<span class="unseen"> ${card.name}</span></summary><div><p>${STATUS.signOutSure}</p>!${buttons(card, ['sign-out'], shell, 'button danger')}</div></details>`;
  return html`<div class="actions">!${buttons(card, offered, shell, 'button plain')}!${sure}</div>`;
}

function buttons({ name }: ProfileCard, offered: readonly Action[], shell: Shell, className: string): string {
  const profile = html`<input type="hidden" name="profile" value="${name}">`;
  const each = offered.map(
    (action) =>
      html`<button id="${cardId(name)}-${action}" class="${className}" name="action" value="${action}">${ACTIONS[action]}<span class="unseen"> ${name}</span></button>`,
  );
  return postForm(shell, '/status', html`!${profile}!${each}`);
}

function timeLine({ history }: ProfileCard): string {
  if (history.length === 0) return html`<p class="hint">${STATUS.noHistory}</p>`;
  const items = history.map(
    ({ at, words, ok }) =>
      html`<li class="!${ok ? 'success' : 'failure'}"><time datetime="${at.toISOString()}">${moment(at)}</time> <span>${words}</span></li>`,
  );
  return html`<ol class="time">!${items}</ol>`;
}

function fileFacts({ file, fileMode }: ProfileCard): string {
  const rows = [
    { label: STATUS.file, value: file },
    ...(fileMode === undefined ? [] : [{ label: STATUS.mode, value: fileMode }]),
  ];
  return rows.map(factRow).join('');
}
