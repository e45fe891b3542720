import * as v from 'valibot';
import { defined } from '../defined.ts';

/** Something that happened to a profile, as the log has it. */
export interface HistoryEvent {
  readonly at: Date;
  readonly profile: string;
  /** The log's own name of it: `refresh_failed`. */
  readonly kind: string;
  /** The error's code, where it failed. */
  readonly code?: string;
  readonly ok: boolean;
  /** A few words for a person. */
  readonly words: string;
}

const LogLine = v.object({
  time: v.pipe(v.string(), v.isoTimestamp()),
  event: v.string(),
  profile: v.string(),
  error_code: v.optional(v.string()),
  msg: v.optional(v.string(), ''),
});

/** The events of the log that belong in a person's history; failures say what went wrong in the log's own words. */
const EVENTS: Readonly<
  Record<string, { readonly ok: boolean; readonly words: (message: string) => string } | undefined>
> = {
  sign_in: { ok: true, words: () => 'Signed in' },
  sign_in_failed: { ok: false, words: (message) => `Sign-in failed: ${message}` },
  refresh: { ok: true, words: () => 'Access token refreshed' },
  refresh_failed: { ok: false, words: (message) => `Refresh failed: ${message}` },
  import: { ok: true, words: () => 'Tokens imported' },
  export_failed: { ok: false, words: (message) => `A kept file could not be written: ${message}` },
  sign_out: { ok: true, words: () => 'Signed out' },
};

/**
 * What happened to each profile, newest first, from the log's text. Lines of other kinds, and damaged ones, are passed over.
 *
 * @param perProfile how many events of each profile are kept. Default 10.
 */
export function historyOf(log: string, perProfile = 10): ReadonlyMap<string, readonly HistoryEvent[]> {
  const history = new Map<string, HistoryEvent[]>();
  for (const line of log.split('\n').reverse()) {
    const found = eventOf(line);
    if (found === undefined) continue;
    const events = history.get(found.profile) ?? [];
    if (events.length < perProfile) events.push(found);
    history.set(found.profile, events);
  }
  return history;
}

function eventOf(line: string): HistoryEvent | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(line);
  } catch {
    return undefined;
  }
  const known = v.safeParse(LogLine, parsed);
  if (!known.success) return undefined;
  const { time, event, profile, msg, error_code: code } = known.output;
  const kind = Object.hasOwn(EVENTS, event) ? EVENTS[event] : undefined;
  if (kind === undefined) return undefined;
  return {
    at: new Date(time),
    profile,
    kind: event,
    ok: kind.ok,
    words: kind.words(msg),
    ...defined({ code }),
  };
}
