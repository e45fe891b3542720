import { spawn } from 'node:child_process';
import { platform } from 'node:os';
import { argumentsFor, commandIn } from '../browser/command.ts';
import { withoutSecrets } from '../environment.ts';
import { asAuthError } from '../errors.ts';
import { deadNotice, notifierFailed, scopesLostNotice } from '../messages.ts';
import type { Profile } from '../store/profile.ts';
import { createRuntime, type Runtime, type RuntimeOptions } from './runtime.ts';
import { type Status, storedStatus } from './status.ts';
import { endWarning } from './times.ts';

/** A state of a profile that its owner should hear of. */
interface Notice {
  /** What is remembered of it; one that differs is another notice. */
  readonly key: string;
  readonly event: 'dead' | 'ending' | 'scopes-lost';
  readonly sentence: string;
}

const KILL_AFTER_MS = 5_000;

/**
 * Runs the command in `FITBIT_LOGIN_NOTIFY`, without a shell, for every profile whose sign-in was found dead, ends within two days or
 * lost scopes: once for each such change, whichever process finds it. The command gets a sentence as its last argument and the facts
 * as JSON on standard input, and is killed after five seconds. Never throws.
 */
export async function notifyOwner(
  { profile, all }: { readonly profile?: string; readonly all: boolean },
  runtimeOptions: RuntimeOptions = {},
): Promise<void> {
  const runtime = createRuntime(runtimeOptions);
  const { FITBIT_LOGIN_NOTIFY: command } = runtime.environment;
  if (!command) return;
  try {
    const name = runtime.profileName(profile);
    const profiles = all ? await runtime.store.list() : [{ name, profile: await runtime.store.read(name) }];
    for (const entry of profiles) {
      if (!('profile' in entry) || entry.profile === undefined) continue;
      for (const notice of await markNotified(runtime, entry.name, entry.profile)) {
        await runNotifier(runtime, command, storedStatus(runtime, entry.name, entry.profile), notice);
      }
    }
  } catch (thrown) {
    runtime.notice(notifierFailed(asAuthError(thrown).message));
  }
}

/** Marks the notices that are due as given. @returns those that no process had given before */
async function markNotified(runtime: Runtime, name: string, stored: Profile): Promise<readonly Notice[]> {
  const isNew = (profile: Profile) => {
    const due = noticesOf(storedStatus(runtime, name, profile), runtime.now());
    return { due, fresh: due.filter(({ key }) => !profile.notified?.includes(key)) };
  };
  if (isNew(stored).fresh.length === 0) return [];
  await using locked = await runtime.store.lock(name);
  if (locked.current === undefined) return [];
  const { due, fresh } = isNew(locked.current);
  // Only what still holds is remembered: what has passed and comes again is a new notice.
  if (fresh.length > 0) await locked.checkpoint({ ...locked.current, notified: due.map(({ key }) => key) });
  return fresh;
}

function noticesOf(status: Status, now: Date): readonly Notice[] {
  const { profile, providerName, session, missingScopes, refreshExpiresAt, expiresAt } = status;
  if (session.kind === 'none') return [];
  if (session.kind === 'dead' || (session.kind === 'expired' && !session.refreshable)) {
    const { grantEndedAt: since = expiresAt, grantEndedReason } = status;
    const sentence = deadNotice(profile, providerName, grantEndedReason);
    return [{ event: 'dead', key: `dead ${since?.toISOString()}`, sentence }];
  }
  const notices: Notice[] = [];
  const ending = endWarning(status, now);
  if (ending !== undefined) {
    const key = `ending ${refreshExpiresAt?.toISOString()}`;
    notices.push({ event: 'ending', key, sentence: `${profile}: ${ending}` });
  }
  if (missingScopes.length > 0) {
    const sentence = scopesLostNotice(profile, providerName, missingScopes);
    notices.push({ event: 'scopes-lost', key: scopesKey(missingScopes), sentence });
  }
  return notices;
}

function scopesKey(missing: readonly string[]): string {
  return `scopes ${[...missing].sort().join(' ')}`;
}

/** What a person learns as they sign in: which scopes they did not grant. @internal */
export function notifiedAtSignIn({ requestedScopes, tokens }: Profile): readonly string[] | undefined {
  const missing = requestedScopes.filter((scope) => tokens?.scopes.includes(scope) === false);
  return missing.length === 0 ? undefined : [scopesKey(missing)];
}

async function runNotifier(runtime: Runtime, command: string, status: Status, notice: Notice): Promise<void> {
  const { event, sentence } = notice;
  const { profile } = status;
  const parsed = commandIn('FITBIT_LOGIN_NOTIFY', command, { platform: platform() });
  const facts = {
    event,
    message: sentence,
    profile,
    provider: status.provider,
    user_id: status.userId ?? null,
    expires_at: status.expiresAt ?? null,
    refresh_expires_at: status.refreshExpiresAt ?? null,
    grant_ended_at: status.grantEndedAt ?? null,
    missing_scope: status.missingScopes,
    at: runtime.now(),
  };
  const failure = await new Promise<string | undefined>((resolve) => {
    const child = spawn(parsed.file, argumentsFor(parsed, sentence), {
      env: withoutSecrets(runtime.environment),
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      resolve('it took more than 5 seconds and was ended');
    }, KILL_AFTER_MS);
    const end = (why: string | undefined) => {
      clearTimeout(timer);
      resolve(why);
    };
    child.once('error', (error) =>
      end('code' in error && error.code === 'ENOENT' ? 'it was not found' : error.message),
    );
    child.once('exit', (code, signal) => end(code === 0 ? undefined : `it ended with ${code ?? signal}`));
    child.stdin?.on('error', () => {});
    child.stdin?.end(`${JSON.stringify(facts)}\n`);
  });
  const log = await runtime.openLog();
  log.info({ event: 'notified', profile, notice: event, failed: failure }, 'Notified');
  if (failure !== undefined) runtime.notice(notifierFailed(failure));
}
