import * as v from 'valibot';
import type { AuthError } from '../errors.ts';
import type { ProfileCard } from '../server/pages/status.ts';
import {
  capitalized,
  formatDateTime,
  formatDay,
  onDateTime,
  RESULT,
  STATUS,
  scopeLabels,
  shortList,
  typographic,
} from '../server/pages/texts.ts';
import { accountName, endOf, identifiers, providerName, shortProvider } from './result-view.ts';
import type { Status } from './status.ts';
import { endsSoon } from './times.ts';

/** Something that happened to a profile, from the log. */
export interface HistoryEvent {
  readonly at: Date;
  /** The log's own name for it. */
  readonly kind: keyof typeof STATUS.history;
  readonly code?: string;
  readonly message: string;
  readonly ok: boolean;
}

const LogLine = v.object({
  time: v.pipe(v.string(), v.isoTimestamp()),
  event: v.picklist(Object.keys(STATUS.history) as (keyof typeof STATUS.history)[]),
  profile: v.string(),
  error_code: v.optional(v.string()),
  msg: v.optional(v.string(), ''),
});

const EVENTS_PER_PROFILE = 10;

/** The history of each profile, newest first, from the log's text. Other and damaged lines are skipped. */
export function readHistory(log: string): ReadonlyMap<string, readonly HistoryEvent[]> {
  const history = new Map<string, HistoryEvent[]>();
  for (const line of log.split('\n').reverse()) {
    const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), LogLine), line);
    if (!parsed.success) continue;
    const { time, event: kind, profile, msg: message, error_code: code } = parsed.output;
    const events = history.get(profile) ?? [];
    if (events.length < EVENTS_PER_PROFILE)
      events.push({ at: new Date(time), kind, code, message, ok: !kind.endsWith('failed') });
    history.set(profile, events);
  }
  return history;
}

/** What is known of a profile beyond its own file. */
export interface CardContext {
  /** Newest first. */
  readonly history: readonly HistoryEvent[];
  /** Whether others can read the file; absent if the system has no such modes. */
  readonly readableByOthers?: boolean | undefined;
  readonly now: Date;
}

/** A profile as the status page shows it. A token that renews itself is never a problem. */
export function profileCard(status: Status, { history, readableByOthers, now }: CardContext): ProfileCard {
  const { profile, session, obtainedAt, revocationEnds, location } = status;
  const assessment = assess(status, history, now);
  const isSignedIn = session.kind !== 'none';
  const ended = assessment.state === 'ended';
  const end = endOf(status);
  const worked = ended ? lastOf(history, 'sign_in') : obtainedAt;
  const facts = [
    {
      label: ended ? STATUS.couldRead : STATUS.canRead,
      value: shortList(scopeLabels(status.scopes)) || STATUS.nothing,
    },
    !ended && { label: STATUS.needsYou, value: end ? STATUS.until(onDateTime(end, now)) : STATUS.never },
    worked && {
      label: ended ? STATUS.signedIn : STATUS.lastRenewed,
      value: capitalized(formatDateTime(worked, now)),
    },
  ].filter((fact) => fact !== undefined && fact !== false);
  const readable =
    readableByOthers === undefined ? '' : `, ${readableByOthers ? STATUS.readableByOthers : STATUS.readableByYou}`;
  return {
    profile,
    account: accountName(status) ?? profile,
    provider: providerName(status),
    ...assessment,
    facts: isSignedIn ? facts : [],
    history: history.map(({ at, kind, ok, message }) => ({
      when: capitalized(formatDateTime(at, now)),
      words: ok ? STATUS.history[kind] : `${STATUS.history[kind]}: ${typographic(message)}`,
      ok,
    })),
    details: [...identifiers(status), { label: RESULT.facts.storedIn, value: location, code: true, after: readable }],
    canCheck: isSignedIn && !ended,
    signOut: isSignedIn ? { ends: revocationEnds && typographic(revocationEnds) } : undefined,
  };
}

/** The worst thing first. */
function assess(
  status: Status,
  history: readonly HistoryEvent[],
  now: Date,
): Pick<ProfileCard, 'state' | 'words' | 'problem'> {
  const { session, refreshable, obtainedAt } = status;
  const { states, problems, actions } = STATUS;
  if (session.kind === 'none')
    return { state: 'none', words: states.none, problem: { text: problems.none, button: actions.signInFirst } };
  const isDead = session.kind === 'dead';
  if (isDead || (session.kind === 'expired' && !refreshable)) {
    const worked = lastOf(history, 'refresh', 'sign_in', 'import') ?? obtainedAt;
    const when = worked && onDateTime(worked, now);
    const text = isDead ? problems.dead(shortProvider(status), when) : problems.noRefreshToken(when);
    return { state: 'ended', words: states.ended, problem: { text, button: actions.signIn } };
  }
  const missing = scopeLabels(status.missingScopes);
  if (missing.length > 0) {
    const problem = { text: problems.missing(missing), button: actions.addScopes(missing) };
    return { state: 'missing', words: states.missing(missing), problem };
  }
  const end = endOf(status);
  if (end !== undefined && endsSoon(end, now)) {
    const problem = { text: problems.expires(onDateTime(end, now)), button: actions.signIn };
    return { state: 'expires', words: states.expires(formatDay(end, { month: 'short' })), problem };
  }
  return { state: 'well', words: states.well };
}

function lastOf(history: readonly HistoryEvent[], ...kinds: readonly string[]): Date | undefined {
  return history.find(({ kind }) => kinds.includes(kind))?.at;
}

/** A profile whose file cannot be read. */
export function damagedCard(profile: string, { message, hint }: AuthError, location: string): ProfileCard {
  return {
    profile,
    account: profile,
    provider: STATUS.unknown,
    state: 'damaged',
    words: STATUS.states.damaged,
    problem: { text: typographic(`${message} ${hint}`) },
    facts: [],
    history: [],
    details: [{ label: RESULT.facts.storedIn, value: location, code: true }],
    canCheck: false,
  };
}
