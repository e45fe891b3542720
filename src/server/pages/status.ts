import { html } from 'ghtml';
import { ACTIONS, SITE, STATUS } from './before-texts.ts';
import { profileCard } from './card.ts';
import { cardId } from './card-id.ts';
import { postForm, type Shell, sitePage } from './shell.ts';
import type { StatusView } from './site-view.ts';

/** The status page: how all stands in a sentence, then a card for each profile. The script replaces what is in `live`. */
export function statusPage({ profiles }: StatusView, shell: Shell): string {
  const open = profiles.length < 3;
  const add = html`<button class="button !${profiles.length === 0 ? '' : 'plain'}" name="action" value="add">${ACTIONS.add}</button>`;
  const main = html`<h1>${STATUS.title}</h1>
<div id="live" data-updated="${STATUS.updated}">
!${summary({ profiles })}
!${profiles.map((card) => profileCard(card, { shell, open }))}
</div>
!${postForm(shell, '/status', add, 'add')}
<noscript><p><a href="${shell.base}/status">${SITE.reload}</a></p></noscript>`;
  return sitePage(STATUS.title, main, shell);
}

function summary({ profiles }: StatusView): string {
  if (profiles.length === 0) return html`<p class="lead">${STATUS.none}</p>`;
  const troubled = profiles.filter(({ tone }) => tone !== 'success');
  if (troubled.length === 0) return html`<p class="lead">${STATUS.fine(profiles.length)}</p>`;
  const links = troubled.map(({ name }) => html`<a href="#${cardId(name)}">${name}</a>`).join(', ');
  return html`<p class="lead">${STATUS.troubled(troubled.length, profiles.length)} !${profiles.length === 1 ? '' : links}</p>`;
}
