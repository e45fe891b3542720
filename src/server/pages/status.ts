import { html } from 'ghtml';
import { breakable, CHEVRON, drawing, factList, fold, initial, noticeBox, sitePage, unseen } from './html.ts';
import { type IconName, icon } from './icons.ts';
import { LANGUAGE, STATUS } from './texts.ts';
import type { Fact, Notice, Shell } from './view.ts';

/** What the buttons do: each is a field whose value is the profile. `forget` deletes without revoking. */
export const ACTIONS = ['check', 'sign-in', 'sign-out', 'forget', 'add'] as const;
export type Action = (typeof ACTIONS)[number];

export interface StatusView {
  readonly profiles: readonly ProfileCard[];
}

/** How a profile is doing. The first is the worst. */
export type ProfileState = 'damaged' | 'ended' | 'none' | 'missing' | 'expires' | 'well';

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
  /** Whether the provider can be asked. */
  readonly canCheck: boolean;
  /** What signing out ends, if there is anything to sign out of: with Google, the access of every computer. */
  readonly signOut?: {
    /** What it ends, if that is more than this sign-in: a sentence. */
    readonly ends?: string | undefined;
  };
}

const SEVERITY: readonly ProfileState[] = ['damaged', 'ended', 'none', 'missing', 'expires', 'well'];
const ICONS: Readonly<Record<ProfileState, { icon: IconName; tone: 'success' | 'warning' | 'failure' }>> = {
  damaged: { icon: 'triangle', tone: 'failure' },
  ended: { icon: 'ended', tone: 'failure' },
  none: { icon: 'ended', tone: 'failure' },
  missing: { icon: 'triangle', tone: 'warning' },
  expires: { icon: 'clock', tone: 'warning' },
  well: { icon: 'check', tone: 'success' },
};
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
  const rank = ({ state }: ProfileCard) => SEVERITY.indexOf(state);
  const byName = new Intl.Collator(LANGUAGE, { numeric: true }).compare;
  const sorted = [...profiles].sort(
    (a, b) => rank(a) - rank(b) || byName(a.account, b.account) || byName(a.profile, b.profile),
  );
  const lost = notice !== undefined && !sorted.some(({ profile }) => profile === notice.profile);
  const top = lost ? noticeBox(notice) : '';
  if (sorted.length === 0) return top + emptyState();
  const problems = sorted.filter(({ problem }) => problem !== undefined);
  const at = (card: ProfileCard): CardContext => ({
    notice: notice?.profile === card.profile ? notice : undefined,
    isWorst: card === problems[0],
    showProfile: sorted.length > 1 || card.profile !== 'default',
  });
  const body =
    sorted.length <= MAX_CARDS
      ? sorted.map((card) => profileCard(card, at(card))).join('')
      : rows(
          problems,
          sorted.filter(({ problem }) => problem === undefined),
          at,
        );
  return html`!${verdict(problems.length, sorted.length)}!${top}!${body}`;
}

function verdict(problems: number, all: number): string {
  const title =
    problems === 0
      ? html`<h1>${STATUS.allWell}</h1><p class="lead">${STATUS.allWellLead}</p>`
      : html`<h1>${STATUS.needYou(problems, all)}</h1>`;
  const filter =
    all < FILTER_FROM
      ? ''
      : html`<label class="find js-only">!${icon('search')}<span class="unseen">${STATUS.filter}</span><input type="search" id="filter" placeholder="${STATUS.filter}" autocomplete="off"></label>`;
  const add = html`<button class="button" form="act" name="add" value="" id="add" aria-label="${STATUS.add}">!${icon('plus')}<span><span class="add-short">${STATUS.addShort}</span><span class="wide-only"> ${STATUS.add.slice(STATUS.addShort.length + 1)}</span></span></button>`;
  return html`<div class="verdict"><div>!${title}</div><div class="tools">!${filter}!${add}</div></div>`;
}

function emptyState(): string {
  return html`<div class="card emptiness">!${drawing({ tone: 'empty', state: 'plus', end: 'person' })}<h1>${STATUS.emptyTitle}</h1><p class="lead">${STATUS.emptyLead}</p><div class="action"><button class="button primary" form="act" name="add" value="">${STATUS.add}</button><button class="quiet" form="act" formaction="sandbox">${STATUS.trySandbox}</button></div></div>`;
}

interface CardContext {
  readonly notice: Notice | undefined;
  readonly isWorst: boolean;
  readonly showProfile: boolean;
}

function profileCard(card: ProfileCard, context: CardContext): string {
  const { profile, account, provider, state, words, problem } = card;
  const id = idOf(profile);
  const { icon: shape, tone } = ICONS[state];
  const second = context.showProfile ? `${provider} · ${STATUS.profile(profile)}` : provider;
  const main =
    problem === undefined
      ? html`!${factList(card.facts)}!${actions(card, STATUS.actions.signIn)}`
      : problemPart(card, context.isWorst);
  const inside = html`!${problem === undefined ? '' : html`<div class="gap">!${factList(card.facts)}</div>`}!${history(card)}!${factList(card.details)}!${problem === undefined ? '' : actions(card)}`;
  return html`<article class="card profile" id="${id}" aria-labelledby="${id}-name"><div class="pad">
<div class="head">!${avatar(card)}<div><h2 id="${id}-name">!${breakable(account)}</h2><p class="micro">${second}</p></div><p class="pill ${tone}">!${icon(shape)}${words}</p></div>
!${context.notice === undefined ? '' : noticeBox(context.notice)}
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
      : html`<h2 class="group label"><span>${title}</span><span>${String(cards.length)}</span></h2>!${cards.map((card) => row(card, at(card)))}`;
  return html`<div class="card rows">!${group(STATUS.groups.problem, problems)}!${group(STATUS.groups.well, well)}</div><p class="micro" id="no-match" hidden>${STATUS.noMatch}</p>`;
}

function row(card: ProfileCard, { notice, isWorst }: CardContext): string {
  const { profile, account, state, words, problem } = card;
  const id = idOf(profile);
  const { icon: shape, tone } = ICONS[state];
  const inside = html`!${notice === undefined ? '' : noticeBox(notice)}!${problem === undefined ? '' : problemPart(card, isWorst)}!${factList(card.facts)}!${actions(card, problem === undefined ? STATUS.actions.signIn : undefined, html`<details class="past" id="${id}-more"><summary class="quiet">${STATUS.fold}!${unseen(account)}</summary><div class="gap">!${history(card)}!${factList(card.details)}</div></details>`)}`;
  return html`<details class="row" id="${id}" !${notice === undefined ? '' : 'open'}><summary>!${avatar(card)}<span class="cut" title="${account}">${account}</span><span class="cut" title="${profile}">${profile}</span><span class="mark-words ${tone}">!${icon(shape)}${words}</span>!${CHEVRON}</summary><div class="inside">!${inside}</div></details>`;
}

function problemPart({ profile, account, problem }: ProfileCard, isWorst: boolean): string {
  if (problem === undefined) return '';
  const button =
    problem.button === undefined
      ? ''
      : html`<button class="button!${isWorst ? ' primary short' : ''}" id="${idOf(profile)}-fix" form="act" name="sign-in" value="${profile}">${problem.button}!${unseen(account)}</button>`;
  return html`<div class="problem"><p>${problem.text}</p>!${button}</div>`;
}

/** What can be done beyond the one thing that helps. `signIn` is the label of that button, where it is offered. */
function actions(card: ProfileCard, signIn?: string, more = ''): string {
  const { profile, account, canCheck } = card;
  const id = idOf(profile);
  const check = canCheck
    ? html`<button class="button" id="${id}-check" form="act" name="check" value="${profile}">${STATUS.actions.check}!${unseen(account)}</button>`
    : '';
  const again =
    signIn === undefined
      ? ''
      : html`<button class="quiet" id="${id}-sign-in" form="act" name="sign-in" value="${profile}">${signIn}!${unseen(account)}</button>`;
  return html`<div class="actions">!${check}!${again}!${more}!${signOutPart(card)}</div>`;
}

/** Asks in place before anything is ended. */
function signOutPart({ profile, account, provider, signOut }: ProfileCard): string {
  const id = idOf(profile);
  const { actions: labels, sure } = STATUS;
  const forget = html`<button class="button" form="act" name="forget" value="${profile}">${labels.forget}!${unseen(account)}</button>`;
  const question =
    signOut === undefined ? sure.nothing : `${signOut.ends ?? sure.revokes(provider, account)} ${sure.deleted}`;
  const revoke =
    signOut === undefined
      ? ''
      : html`<button class="button danger" form="act" name="sign-out" value="${profile}">${signOut.ends === undefined ? labels.revoke : labels.everywhere}!${unseen(account)}</button>`;
  return html`<details class="ask" id="${id}-sure"><summary class="quiet out">${labels.signOut}!${unseen(account)}</summary><div class="sure"><p>${question}</p><div>!${revoke}!${forget}</div></div></details>`;
}

function history({ history: events }: ProfileCard): string {
  if (events.length === 0) return html`<p class="micro gap">${STATUS.noHistory}</p>`;
  const items = events.map(
    ({ when, words, ok }) => html`<div><dt>${when}</dt><dd class="!${ok ? '' : 'failed'}">${words}</dd></div>`,
  );
  return html`<dl class="facts history gap">!${items}</dl>`;
}

function avatar({ account, state }: ProfileCard): string {
  const ended = state === 'ended' || state === 'none' || state === 'damaged';
  return html`<span class="avatar!${ended ? ' ended' : ''}" aria-hidden="true">${initial(account)}</span>`;
}

/** The address of a profile within the page, whatever its name. */
function idOf(profile: string): string {
  return `profile-${encodeURIComponent(profile)}`;
}
