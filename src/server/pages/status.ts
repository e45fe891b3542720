import { html } from 'ghtml';
import { breakable, CHEVRON, drawing, factList, fold, initial, noticeBox, sitePage, unseen } from './html.ts';
import { icon } from './icons.ts';
import { LANGUAGE, STATUS } from './texts.ts';
import type { Fact, Shell } from './view.ts';

/** What the buttons do: each is a field whose value is the profile. `forget` deletes without revoking. */
export const ACTIONS = ['check', 'sign-in', 'sign-out', 'forget', 'add'] as const;
export type Action = (typeof ACTIONS)[number];

export interface StatusView {
  readonly profiles: readonly ProfileCard[];
}

/** How a profile is doing, the worst first. */
const STATES = {
  damaged: { shape: 'triangle', tone: 'failure', isEnded: true },
  ended: { shape: 'ended', tone: 'failure', isEnded: true },
  none: { shape: 'ended', tone: 'failure', isEnded: true },
  missing: { shape: 'triangle', tone: 'warning', isEnded: false },
  expires: { shape: 'clock', tone: 'warning', isEnded: false },
  well: { shape: 'check', tone: 'success', isEnded: false },
} as const;

export type ProfileState = keyof typeof STATES;

export interface ProfileCard {
  readonly profile: string;
  /** By what people know the account; the profile's name where that is not known. */
  readonly account: string;
  readonly provider: string;
  readonly state: ProfileState;
  /** "Signed in", "Sleep not granted". */
  readonly words: string;
  /** Why someone is needed, and the button that helps. */
  readonly problem?: { readonly text: string; readonly button?: string };
  /** What a person wants to know at first sight. */
  readonly facts: readonly Fact[];
  readonly history: readonly { readonly when: string; readonly words: string; readonly ok: boolean }[];
  readonly details: readonly Fact[];
  readonly canCheck: boolean;
  /** What signing out ends, if there is anything to sign out of: with Google, the access of every computer. */
  readonly signOut?: {
    /** What it ends, if that is more than this sign-in: a sentence. */
    readonly ends?: string | undefined;
  };
}

/** Up to so many profiles are cards, beyond that rows; from `FILTER_FROM` on, rows can be filtered. */
const MAX_CARDS = 3;
const FILTER_FROM = 10;

/** The status page: the verdict as its title, then cards or rows, problems first. */
export function statusPage(view: StatusView, shell: Shell): string {
  const main = html`<div id="live" data-updated="${STATUS.updated}">
!${liveStatus(view, shell)}
</div>`;
  return sitePage('status', STATUS.tab, main, shell, { lost: STATUS.lost });
}

/** The part of the page that a script replaces when it changes. It holds no token, so that it stays the same until something happens. */
export function liveStatus({ profiles }: StatusView, { notice }: Shell): string {
  const rank = ({ state }: ProfileCard) => Object.keys(STATES).indexOf(state);
  const byName = new Intl.Collator(LANGUAGE, { numeric: true }).compare;
  const sorted = [...profiles].sort(
    (a, b) => rank(a) - rank(b) || byName(a.account, b.account) || byName(a.profile, b.profile),
  );
  const lost = notice !== undefined && !sorted.some(({ profile }) => profile === notice.profile);
  const top = lost ? noticeBox(notice) : '';
  if (sorted.length === 0) return top + emptyState();
  const problems = sorted.filter(({ problem }) => problem !== undefined);
  const well = sorted.filter(({ problem }) => problem === undefined);
  const at = (card: ProfileCard): CardContext => ({
    notice: notice?.profile === card.profile ? noticeBox(notice) : undefined,
    isWorst: card === problems[0],
    showProfile: sorted.length > 1 || card.profile !== 'default',
  });
  const body =
    sorted.length <= MAX_CARDS ? sorted.map((card) => profileCard(card, at(card))) : rows(problems, well, at);
  return html`!${verdict(problems.length, sorted.length)}!${top}!${body}`;
}

function verdict(problems: number, all: number): string {
  const title =
    problems === 0
      ? html`<h1>${STATUS.allWell}</h1><p class="lead">${STATUS.allWellLead}</p>`
      : html`<h1>${STATUS.needYou(problems, all)}</h1>`;
  const filter = html`<label class="find js-only">!${icon('search')}<span class="unseen">${STATUS.filter}</span><input type="search" id="filter" placeholder="${STATUS.filter}" autocomplete="off"></label>`;
  const add = html`<button class="button" form="act" name="add" value="" id="add" aria-label="${STATUS.add}">!${icon('plus')}<span><span class="add-short">${STATUS.addShort}</span><span class="wide-only"> ${STATUS.add.slice(STATUS.addShort.length + 1)}</span></span></button>`;
  return html`<div class="verdict"><div>!${title}</div><div class="tools">!${all < FILTER_FROM ? '' : filter}!${add}</div></div>`;
}

function emptyState(): string {
  return html`<div class="card emptiness">!${drawing({ tone: 'empty', state: 'plus', end: 'person' })}<h1>${STATUS.emptyTitle}</h1><p class="lead">${STATUS.emptyLead}</p><div class="action"><button class="button primary" form="act" name="add" value="">${STATUS.add}</button><button class="quiet" form="act" formaction="sandbox">${STATUS.trySandbox}</button></div></div>`;
}

interface CardContext {
  /** HTML. */
  readonly notice: string | undefined;
  readonly isWorst: boolean;
  readonly showProfile: boolean;
}

function profileCard(card: ProfileCard, { notice, isWorst, showProfile }: CardContext): string {
  const { profile, account, provider, state, words, problem } = card;
  const id = idOf(profile);
  const { shape, tone } = STATES[state];
  const second = showProfile ? `${provider} · ${STATUS.profile(profile)}` : provider;
  const facts = factList(card.facts);
  const past = html`!${history(card)}!${factList(card.details)}`;
  const [main, inside] = problem
    ? [problemPart(card, isWorst), html`<div class="gap">!${facts}</div>!${past}!${actions(card)}`]
    : [facts + actions(card), past];
  return html`<article class="card profile" id="${id}" aria-labelledby="${id}-name"><div class="pad">
<div class="head">!${avatar(card)}<div><h2 id="${id}-name">!${breakable(account)}</h2><p class="micro">${second}</p></div><p class="pill ${tone}">!${icon(shape)}${words}</p></div>
!${notice}
!${main}
</div>!${fold(STATUS.fold, inside, { id: `${id}-more`, of: account })}</article>`;
}

function rows(
  problems: readonly ProfileCard[],
  well: readonly ProfileCard[],
  at: (card: ProfileCard) => CardContext,
): string {
  const group = (title: string, cards: readonly ProfileCard[]) =>
    cards.length === 0
      ? ''
      : html`<h2 class="group label"><span>${title}</span><span>${cards.length}</span></h2>!${cards.map((card) => row(card, at(card)))}`;
  return html`<div class="card rows">!${group(STATUS.groups.problem, problems)}!${group(STATUS.groups.well, well)}</div><p class="micro" id="no-match" hidden>${STATUS.noMatch}</p>`;
}

function row(card: ProfileCard, { notice, isWorst }: CardContext): string {
  const { profile, account, state, words } = card;
  const id = idOf(profile);
  const { shape, tone } = STATES[state];
  const past = html`<details class="past" id="${id}-more"><summary class="quiet">${STATUS.fold}!${unseen(account)}</summary><div class="gap">!${history(card)}!${factList(card.details)}</div></details>`;
  const inside = html`!${notice}!${problemPart(card, isWorst)}!${factList(card.facts)}!${actions(card, past)}`;
  return html`<details class="row" id="${id}" !${notice && 'open'}><summary>!${avatar(card)}<span class="cut" title="${account}">${account}</span><span class="cut" title="${profile}">${profile}</span><span class="mark-words ${tone}">!${icon(shape)}${words}</span>!${CHEVRON}</summary><div class="inside">!${inside}</div></details>`;
}

/** A button of the page's one form. `id` tells it from the profile's other buttons. */
function button(action: Action, label: string, { profile, account }: ProfileCard, className = 'button', id = '') {
  return html`<button class="${className}" !${id && html`id="${idOf(profile)}-${id}"`} form="act" name="${action}" value="${profile}">${label}!${unseen(account)}</button>`;
}

function problemPart(card: ProfileCard, isWorst: boolean): string {
  const { problem } = card;
  if (problem === undefined) return '';
  const fix =
    problem.button && button('sign-in', problem.button, card, isWorst ? 'button primary short' : 'button', 'fix');
  return html`<div class="problem"><p>${problem.text}</p>!${fix}</div>`;
}

/** What can be done beyond the one thing that helps. */
function actions(card: ProfileCard, past?: string): string {
  const { check, signIn } = STATUS.actions;
  const ask = card.canCheck ? button('check', check, card, 'button', 'check') : '';
  const again = card.problem === undefined ? button('sign-in', signIn, card, 'quiet', 'sign-in') : '';
  return html`<div class="actions">!${ask}!${again}!${past}!${signOutPart(card)}</div>`;
}

/** Asks in place before anything is ended. */
function signOutPart(card: ProfileCard): string {
  const { profile, account, provider, signOut } = card;
  const { actions: labels, sure } = STATUS;
  const question = signOut ? `${signOut.ends ?? sure.revokes(provider, account)} ${sure.deleted}` : sure.nothing;
  const revoke = signOut && button('sign-out', signOut.ends ? labels.everywhere : labels.revoke, card, 'button danger');
  return html`<details class="ask" id="${idOf(profile)}-sure"><summary class="quiet out">${labels.signOut}!${unseen(account)}</summary><div class="sure"><p>${question}</p><div>!${revoke}!${button('forget', labels.forget, card)}</div></div></details>`;
}

function history({ history: events }: ProfileCard): string {
  if (events.length === 0) return html`<p class="micro gap">${STATUS.noHistory}</p>`;
  const items = events.map(
    ({ when, words, ok }) => html`<div><dt>${when}</dt><dd class="!${ok ? '' : 'failed'}">${words}</dd></div>`,
  );
  return html`<dl class="facts history gap">!${items}</dl>`;
}

function avatar({ account, state }: ProfileCard): string {
  return html`<span class="avatar!${STATES[state].isEnded ? ' ended' : ''}" aria-hidden="true">${initial(account)}</span>`;
}

/** The address of a profile within the page, whatever its name. */
function idOf(profile: string): string {
  return `profile-${encodeURIComponent(profile)}`;
}
