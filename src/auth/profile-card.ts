import * as v from 'valibot';
import type { AuthError } from '../errors.ts';
import type { ProfileCard, ProfileState } from '../server/pages/status.ts';
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
import type { Fact } from '../server/pages/view.ts';
import { accountName, providerName, shortProvider } from './result-view.ts';
import type { Status } from './status.ts';

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

/** The history of each profile, newest first, from the log's text. Other and damaged lines are skipped. */
export function readHistory(log: string, perProfile = 10): ReadonlyMap<string, readonly HistoryEvent[]> {
  const history = new Map<string, HistoryEvent[]>();
  for (const line of log.split('\n').reverse()) {
    const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), LogLine), line);
    if (!parsed.success) continue;
    const { time, event: kind, profile, msg: message, error_code: code } = parsed.output;
    const events = history.get(profile) ?? [];
    if (events.length < perProfile)
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

const TWO_DAYS_MS = 2 * 86_400_000;

/** A profile as the status page shows it. A token that renews itself is never a problem. */
export function profileCard(status: Status, { history, readableByOthers, now }: CardContext): ProfileCard {
  const { profile, session, scopes, refreshable, obtainedAt, refreshExpiresAt, userId } = status;
  const { state, words, problem } = assess(status, history, now);
  const labels = STATUS;
  const canRead = shortList(scopeLabels(scopes)) || labels.nothing;
  const ended = state === 'ended';
  const until = refreshable ? refreshExpiresAt : status.expiresAt;
  const dated = (label: string, date: Date | undefined) =>
    date === undefined ? [] : [{ label, value: capitalized(formatDateTime(date, now)) }];
  const facts: readonly Fact[] =
    session.kind === 'none'
      ? []
      : [
          { label: ended ? labels.couldRead : labels.canRead, value: canRead },
          ...(ended
            ? []
            : [
                {
                  label: labels.needsYou,
                  value: until === undefined ? labels.never : labels.until(onDateTime(until, now)),
                },
              ]),
          ...dated(ended ? labels.signedIn : labels.lastRenewed, ended ? lastOf(history, 'sign_in') : obtainedAt),
        ];
  const readable =
    readableByOthers === undefined ? '' : `, ${readableByOthers ? labels.readableByOthers : labels.readableByYou}`;
  return {
    profile,
    account: accountName(status) ?? profile,
    provider: providerName(status),
    state,
    words,
    problem,
    facts,
    history: history.map(({ at, kind, ok, message }) => ({
      when: capitalized(formatDateTime(at, now)),
      words: ok ? labels.history[kind] : `${labels.history[kind]}: ${typographic(message)}`,
      ok,
    })),
    details: [
      ...(userId === undefined
        ? []
        : [
            { label: RESULT.facts.userId, value: [userId, status.legacyUserId].filter(Boolean).join(', '), code: true },
          ]),
      { label: RESULT.facts.app, value: status.clientId, code: true },
      ...(status.sandbox === undefined ? [] : [{ label: RESULT.facts.sandbox, value: status.sandbox, code: true }]),
      { label: RESULT.facts.storedIn, value: status.location, code: true, after: readable },
    ],
    canCheck: session.kind !== 'none' && !ended,
    signOut:
      session.kind === 'none'
        ? undefined
        : { ends: status.revocationEnds === undefined ? undefined : typographic(status.revocationEnds) },
  };
}

interface Assessment {
  readonly state: ProfileState;
  readonly words: string;
  readonly problem?: ProfileCard['problem'];
}

/** The worst thing first. */
function assess(status: Status, history: readonly HistoryEvent[], now: Date): Assessment {
  const { session, refreshable, missingScopes, refreshExpiresAt, obtainedAt } = status;
  const { states, problems, actions } = STATUS;
  if (session.kind === 'none')
    return { state: 'none', words: states.none, problem: { text: problems.none, button: actions.signInFirst } };
  const worked = lastOf(history, 'refresh', 'sign_in', 'import') ?? obtainedAt;
  const when = worked === undefined ? undefined : onDateTime(worked, now);
  const ended = (text: string): Assessment => ({
    state: 'ended',
    words: states.ended,
    problem: { text, button: actions.signIn },
  });
  if (session.kind === 'dead') return ended(problems.dead(shortProvider(status), when));
  if (session.kind === 'expired' && !refreshable) return ended(problems.noRefreshToken(when));
  const end = refreshable ? refreshExpiresAt : status.expiresAt;
  const missing = scopeLabels(missingScopes);
  if (missing.length > 0) {
    const problem = { text: problems.missing(missing), button: actions.addScopes(missing) };
    return { state: 'missing', words: states.missing(missing), problem };
  }
  if (end !== undefined && end.getTime() - now.getTime() <= TWO_DAYS_MS) {
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
