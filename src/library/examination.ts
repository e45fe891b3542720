import { platform } from 'node:os';
import { join } from 'node:path';
import { providerNameOf, resolveClient, resolveProvider } from '../auth/client.ts';
import { createRuntime, processId, type Runtime, type RuntimeOptions, userOf } from '../auth/runtime.ts';
import { sessionOf } from '../auth/session.ts';
import { browserCommands } from '../browser/command.ts';
import { isRunnable } from '../browser/runnable.ts';
import { ELSEWHERE, screenOf } from '../browser/screen.ts';
import { defined } from '../defined.ts';
import type { BrowserFacts } from '../doctor/browser.ts';
import { diagnose } from '../doctor/diagnosis.ts';
import type { DirectoryFacts, PlaceFacts, ProfileFacts } from '../doctor/files.ts';
import type { LoopbackFacts, PortFacts } from '../doctor/loopback.ts';
import type { ProviderFacts, ProxyFacts } from '../doctor/network.ts';
import { takesAnyPort } from '../doctor/registration.ts';
import type { Trouble } from '../doctor/trouble.ts';
import type { Environment, Fetch } from '../environment.ts';
import { AuthError, asAuthError } from '../errors.ts';
import { proxyFor } from '../network/proxy.ts';
import { judgeTrust } from '../network/trust.ts';
import { throwOnServiceFailure } from '../oauth/errors.ts';
import { DEFAULT_REDIRECT_URI } from '../providers/provider.ts';
import { explainPort } from '../server/port-in-use.ts';
import { parseRedirectUri, type RedirectUri } from '../server/redirect-uri.ts';
import { profilePath, readProfile } from '../store/file-store.ts';
import { appPaths } from '../store/paths.ts';
import { inspect, type Runner } from '../store/permissions.ts';
import type { Profile } from '../store/profile.ts';
import type { Diagnosis, DoctorOptions } from './doctor.ts';

/** Collects what `doctor` judges. @throws AuthError `USAGE` for a redirect URI that cannot be caught here */
export async function examine(options: DoctorOptions, runtimeOptions: RuntimeOptions): Promise<Diagnosis> {
  // What the store would say about open files, the checks say.
  const runtime = createRuntime({ ...runtimeOptions, onNotice: () => {} });
  const { environment, now } = runtime;
  const name = runtime.profileName(options.profile);
  const files = await examineFiles(name, runtime);
  const { stored } = files;
  const app = await appOf(stored, environment);
  const redirectUris = options.redirectUris ?? app.redirectUris;
  const redirects = redirectUris.map(parseRedirectUri);
  const [ipv4, ipv6, ports, browser, certificates, asked] = await Promise.all([
    loopbackAt('127.0.0.1', redirects),
    loopbackAt('::1', redirects),
    Promise.all(redirects.map(portOf)),
    examineBrowser(environment),
    judgeTrust(environment),
    options.online === true ? ask(app, runtime.fetch, now, options.signal) : undefined,
  ]);
  const checks = diagnose({
    registration: { profile: name, ...app, redirectUris },
    directory: files.directory,
    profile: files.profile,
    log: files.log,
    ...{ ipv4, ipv6, ports, browser, certificates },
    proxy: proxyOf(app.endpoint, environment),
    clock: { now: now(), obtainedAt: stored?.tokens?.obtainedAt, aheadSeconds: asked?.aheadSeconds },
    provider: asked?.facts,
  });
  return { profile: name, checks, redirectUris: redirectUris.filter((uri) => !takesAnyPort(uri)) };
}

interface App {
  readonly clientId?: string | undefined;
  readonly providerName: string;
  readonly redirectUris: readonly string[];
  /** An address of the provider's that every sign-in needs. */
  readonly endpoint: string;
  readonly trouble?: Trouble | undefined;
}

/** What a sign-in would begin with, without asking anybody. */
async function appOf(stored: Profile | undefined, environment: Environment): Promise<App> {
  const offline: Fetch = () => Promise.reject(new AuthError('UNEXPECTED', 'Nobody is asked here.'));
  let clientId: string | undefined;
  try {
    const client = resolveClient({}, environment, stored);
    clientId = client?.id;
    if (stored !== undefined && stored.client.id === client?.id && stored.issuer !== undefined) {
      const { issuer: endpoint, redirectUris } = stored;
      return { clientId, providerName: providerNameOf(stored), redirectUris, endpoint };
    }
    const sandbox = stored?.sandbox;
    const provider = await resolveProvider({ provider: undefined, client, stored, sandbox }, { fetch: offline });
    const same = stored?.client.id === client?.id ? stored : undefined;
    const { name, server, defaultRedirectUris } = provider;
    return {
      clientId,
      providerName: client === undefined ? 'A provider' : name,
      redirectUris: same?.redirectUris ?? defaultRedirectUris,
      endpoint: server.tokenEndpoint,
    };
  } catch (thrown) {
    const endpoint = 'https://oauth2.googleapis.com/token';
    return {
      clientId,
      providerName: 'A provider',
      redirectUris: [DEFAULT_REDIRECT_URI],
      endpoint,
      trouble: troubleOf(thrown),
    };
  }
}

interface Files {
  readonly stored?: Profile | undefined;
  readonly directory: DirectoryFacts;
  readonly profile: ProfileFacts;
  readonly log: PlaceFacts;
}

async function examineFiles(name: string, runtime: Runtime): Promise<Files> {
  const { environment, now } = runtime;
  try {
    const { config, log } = appPaths(environment);
    const runner = userOf(environment);
    const [directory, logFile, profile] = await Promise.all([
      inspectedAt(join(config, 'profiles'), 'directory', runner),
      inspectedAt(join(log, 'fitbit-login.log'), 'file', runner),
      examineProfile(name, profilePath(join(config, 'profiles'), name), runner, now()),
    ]);
    return { directory, log: logFile, ...profile };
  } catch (thrown) {
    // A name that cannot be one, or a user without any home: then there is no path to look at.
    const nowhere = { path: 'nowhere', exists: false, trouble: troubleOf(thrown) };
    return { directory: nowhere, log: nowhere, profile: { ...nowhere, name } };
  }
}

async function examineProfile(
  name: string,
  path: string,
  runner: Runner,
  now: Date,
): Promise<Pick<Files, 'stored' | 'profile'>> {
  const facts: ProfileFacts = { name, ...(await inspectedAt(path, 'file', runner)) };
  try {
    const stored = readProfile(path, runner)?.profile;
    if (stored === undefined) return { profile: facts };
    const session = sessionOf(stored, now);
    const standing = session.kind === 'expired' && session.refreshable ? 'refreshable' : session.kind;
    return { stored, profile: { ...facts, standing } };
  } catch (thrown) {
    return { profile: { ...facts, exists: true, trouble: troubleOf(thrown) } };
  }
}

async function inspectedAt(path: string, kind: 'file' | 'directory', runner: Runner): Promise<DirectoryFacts> {
  return { path, ...(await inspect(path, kind, runner)) };
}

async function loopbackAt(address: string, redirects: readonly RedirectUri[]): Promise<LoopbackFacts> {
  const redirect = parseRedirectUri(`http://${address.includes(':') ? `[${address}]` : address}:0/`);
  const problem = await explainPort(redirect);
  const leading = redirects.filter(({ addresses }) => addresses.includes(address));
  const only = leading.some(({ addresses }) => addresses.length === 1);
  const needed = only ? 'only' : leading.length > 0 ? 'also' : 'no';
  return { address, needed, trouble: problem };
}

async function portOf(redirect: RedirectUri): Promise<PortFacts> {
  const { uri } = redirect;
  if (redirect.port === 0) return { uri };
  const problem = await explainPort(redirect, { pid: processId() });
  if (problem?.code !== 'PORT_BUSY') return { uri };
  return { uri, held: { by: problem.message, waysOut: problem.hint } };
}

async function examineBrowser(environment: Environment): Promise<BrowserFacts> {
  const screen = screenOf(environment);
  const elsewhere = screen.kind === 'elsewhere' ? ELSEWHERE[screen.why] : undefined;
  try {
    const found = browserCommands(environment.BROWSER, { platform: platform() });
    const commands = await Promise.all(
      found.map(async ({ text, file }) => ({ text, runs: await isRunnable(file, environment, platform()) })),
    );
    return { commands, ...defined({ elsewhere }) };
  } catch (thrown) {
    return { commands: [], trouble: troubleOf(thrown) };
  }
}

function proxyOf(endpoint: string, environment: Environment): ProxyFacts {
  try {
    const proxy = proxyFor(endpoint, environment);
    if (proxy === undefined) return { kind: 'none' };
    const { url, from, authorization } = proxy;
    return { kind: 'used', url, from, hasPassword: authorization !== undefined };
  } catch (thrown) {
    return { kind: 'unusable', trouble: troubleOf(thrown) };
  }
}

interface Asked {
  readonly facts: ProviderFacts;
  readonly aheadSeconds?: number | undefined;
}

/** One request without a token or a parameter: whatever the answer is, it was one, and it tells the time (RFC 9110 §6.6.1). */
async function ask(
  { providerName: name, endpoint }: App,
  fetch: Fetch,
  now: () => Date,
  signal?: AbortSignal,
): Promise<Asked> {
  const { host } = new URL(endpoint);
  try {
    const before = now().getTime();
    const answer = await fetch(endpoint, defined({ signal }));
    const date = Date.parse(answer.headers.get('date') ?? '');
    const halfway = (before + now().getTime()) / 2;
    const aheadSeconds = Number.isNaN(date) ? undefined : Math.round((halfway - date) / 1000);
    try {
      throwOnServiceFailure(name, answer);
      return { facts: { name, host }, aheadSeconds };
    } catch (thrown) {
      return { facts: { name, host, trouble: troubleOf(thrown) }, aheadSeconds };
    }
  } catch (thrown) {
    return { facts: { name, host, trouble: troubleOf(thrown) } };
  }
}

function troubleOf(thrown: unknown): Trouble {
  const { message, hint } = asAuthError(thrown);
  return { message, hint };
}
