import { html } from 'ghtml';
import { duration, moment, STATUS } from './before-texts.ts';
import type { ProfileCard } from './site-view.ts';

/** How much of the access token's life is left: in words, and as a bar that the script lets run down. */
export function lifeBar({ life, refreshable }: ProfileCard, now: Date): string {
  if (life === undefined) return '';
  const left = life.expiresAt.getTime() - now.getTime();
  const whole = Math.max(1, life.expiresAt.getTime() - life.obtainedAt.getTime());
  const until = moment(life.expiresAt);
  const words = left > 0 ? STATUS.tokenLeft(duration(left), until) : STATUS.tokenEnded(until);
  const bar =
    left > 0
      ? html`<progress aria-label="${STATUS.token}" max="${String(whole)}" value="${String(Math.min(left, whole))}" data-left="${String(left)}"></progress>`
      : '';
  const note = refreshable ? '' : html`<p class="hint">${STATUS.tokenUnrefreshable}</p>`;
  return html`<div><dt>${STATUS.token}</dt><dd>${words}!${bar}!${note}</dd></div>`;
}
