import { spawn } from 'node:child_process';
import { platform } from 'node:os';
import { argumentsFor, commandIn } from '../browser/command.ts';
import { withoutSecrets } from '../environment.ts';
import { asAuthError } from '../errors.ts';
import { deadNotice, notifierFailed, scopesLostNotice } from '../messages.ts';
import type { Profile } from '../store/profile.ts';
import { createRuntime, type Runtime, type RuntimeOptions } from './runtime.ts';
import { storedStatus } from './status.ts';
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
        await runNotifier(runtime, command, entry.name, entry.profile, notice);
      }
    }
  } catch (thrown) {
    runtime.notice(notifierFailed(asAuthError(thrown).message));
  }
}

/** Marks the notices that are due as given. @returns those that no process had given before */
async function markNotified(runtime: Runtime, name: string, stored: Profile): Promise<readonly Notice[]> {
  const isNew = (profile: Profile) => {
    const due = noticesOf(runtime, name, profile);
    const isKnown = ({ key }: Notice) => profile.notified?.includes(key) === true;
    return { due, fresh: due.filter((notice) => !isKnown(notice)) };
  };
  if (isNew(stored).fresh.length === 0) return [];
  await using locked = await runtime.store.lock(name);
  if (locked.current === undefined) return [];
  const { due, fresh } = isNew(locked.current);
  // Only what still holds is remembered: what has passed and comes again is a new notice.
  if (fresh.length > 0) await locked.checkpoint({ ...locked.current, notified: due.map(({ key }) => key) });
  return fresh;
}

function noticesOf(runtime: Runtime, name: string, profile: Profile): readonly Notice[] {
  const { providerName, session, missingScopes, refreshExpiresAt, expiresAt } = storedStatus(runtime, name, profile);
  if (session.kind === 'none') return [];
  const isOver = session.kind === 'expired' && !session.refreshable;
  if (session.kind === 'dead' || isOver) {
    const since = session.kind === 'dead' ? session.since : expiresAt;
    const reason = session.kind === 'dead' ? session.reason : undefined;
    const sentence = deadNotice(name, providerName, reason);
    return [{ event: 'dead', key: `dead ${since?.toISOString()}`, sentence }];
  }
  const ending = endWarning({ profile: name, provider: profile.provider, refreshExpiresAt }, runtime.now());
  const notices: Notice[] = [];
  if (ending !== undefined)
    notices.push({ event: 'ending', key: `ending ${refreshExpiresAt?.toISOString()}`, sentence: `${name}: ${ending}` });
  if (missingScopes.length > 0) {
    const sentence = scopesLostNotice(name, providerName, missingScopes);
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

async function runNotifier(
  runtime: Runtime,
  command: string,
  name: string,
  profile: Profile,
  notice: Notice,
): Promise<void> {
  const { event, sentence } = notice;
  const parsed = commandIn('FITBIT_LOGIN_NOTIFY', command, { platform: platform() });
  const status = storedStatus(runtime, name, profile);
  const facts = {
    event,
    message: sentence,
    profile: name,
    provider: profile.provider,
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
  log.info({ event: 'notified', profile: name, notice: event, failed: failure }, 'Notified');
  if (failure !== undefined) runtime.notice(notifierFailed(failure));
}
