import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { platform } from 'node:os';
import { join } from 'node:path';
import { browserCommands, isRunnable } from '../browser/command.ts';
import { NO_DISPLAY, noDisplayReason } from '../browser/has-display.ts';
import type { Environment, Fetch } from '../environment.ts';
import { AuthError, asAuthError } from '../errors.ts';
import { newerSchema, noSchema } from '../messages.ts';
import { proxyFor } from '../network/proxy.ts';
import { serviceFailure } from '../oauth/errors.ts';
import { DEFAULT_REDIRECT_URI } from '../providers/provider.ts';
import { explainPort } from '../server/port-in-use.ts';
import { parseRedirectUri } from '../server/redirect-uri.ts';
import { profilePath, readProfile } from '../store/file-store.ts';
import { type AppPaths, appPaths } from '../store/paths.ts';
import { inspect } from '../store/permissions.ts';
import { postgresAddress } from '../store/postgres-address.ts';
import type { Profile } from '../store/profile.ts';
import { knownProvider, resolveClient, resolveProvider } from './client.ts';
import { assertOptions } from './options.ts';
import { createRuntime, processId, type Runtime, type RuntimeOptions, userOf } from './runtime.ts';
import { sessionOf } from './session.ts';

export interface DoctorOptions {
  /** Default: `FITBIT_LOGIN_PROFILE`, else `default`. */
  readonly profile?: string;
  /** The redirect URIs to look at. Default: those that a sign-in of this profile would use. */
  readonly redirectUris?: readonly string[];
  /** Whether the provider is asked, once, without any token: does it answer, and what time is it? Default `false`. */
  readonly online?: boolean;
  readonly signal?: AbortSignal;
}

/** `warning`: a sign-in works, though not as one might expect. `wrong`: something will fail. */
export type CheckState = 'ok' | 'warning' | 'wrong';

export type CheckId =
  | 'registration'
  | 'directory'
  | 'database'
  | 'profile'
  | 'log'
  | 'loopback-ipv4'
  | 'loopback-ipv6'
  | 'port'
  | 'browser'
  | 'proxy'
  | 'certificates'
  | 'clock'
  | 'provider';

/** One thing that a sign-in depends on, and how it is. */
export interface Check extends Finding {
  readonly id: CheckId;
  /** A few words: "Loopback, IPv4". */
  readonly title: string;
}

interface Finding {
  readonly state: CheckState;
  /** What was found: sentences. Never holds a secret. */
  readonly found: string;
  /** What that means for a sign-in: a sentence. */
  readonly means: string;
  /** What to do. Absent where all is well. */
  readonly todo?: string;
}

export interface Diagnosis {
  readonly profile: string;
  readonly checks: readonly Check[];
  /** As they must be registered at the provider, byte for byte. Empty where nothing has to be. */
  readonly redirectUris: readonly string[];
}

/**
 * Checks everything that a sign-in depends on. Changes nothing: it binds each port for a moment and reads files. Uses the
 * network only where `online` says so.
 *
 * @throws AuthError `USAGE` for a redirect URI that cannot be caught here; nothing else: what is wrong is in the checks
 */
export async function doctor(options: DoctorOptions = {}, runtimeOptions: RuntimeOptions = {}): Promise<Diagnosis> {
  assertOptions('doctor', options);
  // What the store would say about open files, the checks say.
  const runtime = createRuntime({ ...runtimeOptions, onNotice: () => {} });
  const name = runtime.profileName(options.profile);
  const [stored, storeError] = await readStored(runtime, name);
  const app = await appOf(stored, runtime.environment);
  const redirectUris = options.redirectUris ?? app.redirectUris;
  for (const uri of redirectUris) parseRedirectUri(uri);
  const asked = options.online === true ? await ask(app, runtime, options.signal) : undefined;
  const context: Context = { runtime, name, stored, storeError, app, redirectUris, asked };
  const checks = await Promise.all(
    CHECKS.map(async ({ id, title, check }) => {
      const finding = await check(context);
      return finding === undefined ? [] : [{ id, title, ...finding }];
    }),
  );
  return { profile: name, checks: checks.flat(), redirectUris: redirectUris.filter((uri) => !takesAnyPort(uri)) };
}

interface Context {
  readonly runtime: Runtime;
  /** The profile's. */
  readonly name: string;
  readonly stored: Profile | undefined;
  /** Why the profile could not be read. */
  readonly storeError: AuthError | undefined;
  readonly app: App;
  readonly redirectUris: readonly string[];
  /** Absent where the network is not used. */
  readonly asked: Asked | undefined;
}

/** Every check, in the order in which a sign-in meets it. */
const CHECKS: readonly {
  readonly id: CheckId;
  readonly title: string;
  readonly check: (context: Context) => Finding | undefined | Promise<Finding | undefined>;
}[] = [
  { id: 'registration', title: 'App and redirect URI', check: checkRegistration },
  { id: 'directory', title: 'Directory', check: checkDirectory },
  { id: 'database', title: 'Database', check: checkDatabase },
  { id: 'profile', title: 'Profile', check: checkProfile },
  { id: 'log', title: 'Log file', check: checkLog },
  { id: 'loopback-ipv4', title: 'Loopback, IPv4', check: (context) => checkLoopback('127.0.0.1', context) },
  { id: 'loopback-ipv6', title: 'Loopback, IPv6', check: (context) => checkLoopback('::1', context) },
  { id: 'port', title: 'Port', check: checkPorts },
  { id: 'browser', title: 'Browser', check: checkBrowser },
  { id: 'proxy', title: 'Proxy', check: checkProxy },
  { id: 'certificates', title: 'Certificates', check: checkCertificates },
  { id: 'clock', title: 'Clock', check: checkClock },
  { id: 'provider', title: 'Provider', check: checkProvider },
];

const ok = (found: string, means: string): Finding => ({ state: 'ok', found, means });
const warning = (found: string, means: string, todo: string): Finding => ({ state: 'warning', found, means, todo });
const wrong = (found: string, means: string, todo: string): Finding => ({ state: 'wrong', found, means, todo });
const failed = ({ message, hint }: AuthError, means: string) => wrong(message, means, hint);

function checkRegistration({ app, name, redirectUris }: Context): Finding {
  if (app.error !== undefined) return failed(app.error, "Sign-in won't work.");
  const registrable = redirectUris.filter((uri) => !takesAnyPort(uri));
  const means =
    registrable.length === 0
      ? `${app.providerName} allows any port for this app type: no redirect URI has to be registered.`
      : `${app.providerName} accepts only the exact registered redirect URI: ${registrable.join(' ')}`;
  if (app.clientId !== undefined) return ok(`${app.clientId} (${app.providerName}).`, means);
  const todo = 'Run `fitbit-login setup`, or set FITBIT_CLIENT_ID.';
  return warning(`None is set up for the profile "${name}".`, means, todo);
}

/** What a sign-in needs on disk before it begins, with some room. */
const NEEDED_BYTES = 512 * 1024;

async function checkDirectory({ runtime: { environment } }: Context): Promise<Finding | undefined> {
  if (environment.FITBIT_LOGIN_STORE) return undefined;
  return checkPlace(environment, 'directory', ({ config }) => join(config, 'profiles'), {
    unusable: (error) => failed(error, 'Nothing can be stored.'),
    usable: ({ path, exists, freeBytes = NEEDED_BYTES }) => {
      if (freeBytes < NEEDED_BYTES) {
        return wrong(
          `Only ${Math.floor(freeBytes / 1024)} KiB free on the disk of ${path}.`,
          'Sign-in and refresh would fail.',
          'Free up space, or name another directory in FITBIT_LOGIN_HOME.',
        );
      }
      return exists
        ? ok(`${path} is private to this user.`, 'Profiles are stored in it.')
        : ok(`${path} doesn't exist yet; it will be created.`, 'The first sign-in creates it, private to this user.');
    },
  });
}

async function checkDatabase({ runtime: { environment, now } }: Context): Promise<Finding | undefined> {
  if (!environment.FITBIT_LOGIN_STORE) return undefined;
  const unusable = 'No profile can be read or stored.';
  try {
    const address = postgresAddress(environment);
    const { connected } = await import('../store/postgres-session.ts');
    const { inspectDatabase, SCHEMA_VERSION } = await import('../store/postgres-schema.ts');
    const database = await connected(address, inspectDatabase);
    const found = `PostgreSQL ${database.version} at ${address.place}, ${database.tls ? 'with' : 'without'} TLS`;
    if (database.isStandby)
      return wrong(`${found}: a standby.`, 'Nothing can be stored.', 'Connect to the primary server.');
    if (database.schema === undefined || database.schema < SCHEMA_VERSION)
      return failed(noSchema(address.place), unusable);
    if (database.schema > SCHEMA_VERSION) return failed(newerSchema(address.place), unusable);
    if (!database.hasRights) {
      return wrong(
        `${found}; the role lacks rights.`,
        unusable,
        'Run the GRANT statements that `fitbit-login store init` prints.',
      );
    }
    const ahead = Math.round((now().getTime() - database.time) / 1000);
    if (Math.abs(ahead) > TOLERABLE_SECONDS) {
      const clocks = `this clock is ${Math.abs(ahead)} seconds ${ahead < 0 ? 'behind' : 'ahead of'} the server's`;
      return warning(
        `${found}; ${clocks}.`,
        'Machines that disagree refresh too early or too late.',
        'Set the clocks.',
      );
    }
    return ok(
      `${found}; the clocks agree.`,
      'Profiles are stored there, encrypted. This role has the rights it needs.',
    );
  } catch (thrown) {
    return failed(asAuthError(thrown), unusable);
  }
}

async function checkProfile(context: Context): Promise<Finding> {
  const { runtime, name, stored, storeError } = context;
  const means = `The profile "${name}" can't be used. It is left as it is.`;
  if (storeError !== undefined) return failed(storeError, means);
  if (runtime.environment.FITBIT_LOGIN_STORE) {
    if (stored === undefined) return ok(`There is no profile "${name}" yet.`, 'Not signed in.');
    return checkSession(context, `The profile "${name}" can be read and decrypted.`);
  }
  return checkPlace(runtime.environment, 'file', (paths) => profileFile(paths, name), {
    unusable: (error) => failed(error, means),
    usable: ({ path, exists }) => {
      if (!exists) return ok(`${path} doesn't exist yet.`, `Not signed in under "${name}".`);
      return checkSession(context, `${path} is valid and private.`);
    },
  });
}

function checkSession({ runtime, stored }: Context, found: string): Finding {
  const session = stored === undefined ? { kind: 'none' as const } : sessionOf(stored, runtime.now());
  if (session.kind === 'none') return ok(found, 'Not signed in yet.');
  if (session.kind === 'valid') return ok(found, 'Signed in.');
  if (session.kind === 'expired' && session.refreshable)
    return ok(found, 'Signed in; the next use refreshes the token.');
  return warning(found, 'The sign-in has expired.', 'Run `fitbit-login login` to sign in again.');
}

async function checkLog({ runtime: { environment } }: Context): Promise<Finding> {
  const means = 'Commands work without it; the history on the status page comes from it.';
  return checkPlace(environment, 'file', ({ log }) => join(log, 'fitbit-login.log'), {
    unusable: ({ message, hint }) => warning(message, means, hint),
    usable: ({ path, exists }) =>
      ok(`${path} ${exists ? 'is private' : "doesn't exist yet; it will be created"}.`, means),
  });
}

type Place = Awaited<ReturnType<typeof inspect>> & { readonly path: string };

async function checkPlace(
  environment: Environment,
  kind: 'file' | 'directory',
  pathIn: (paths: AppPaths) => string,
  findings: { readonly unusable: (error: AuthError) => Finding; readonly usable: (place: Place) => Finding },
): Promise<Finding> {
  let path: string;
  try {
    path = pathIn(appPaths(environment));
  } catch (thrown) {
    // A name that cannot be one, or a user without a home: then there is no path to look at.
    return findings.unusable(asAuthError(thrown));
  }
  const place = await inspect(path, kind, userOf(environment));
  if (place.trouble !== undefined) return findings.unusable(place.trouble);
  if (place.openMode === undefined) return findings.usable({ ...place, path });
  return warning(
    `${path} is readable by other users (mode ${place.openMode}).`,
    'Other users of this machine may have read what is in it.',
    place.keepsNoModes
      ? 'Its file system keeps no permissions, so `chmod` has no effect. Set FITBIT_LOGIN_HOME to a directory on another one.'
      : `\`chmod ${kind === 'file' ? 600 : 700} '${path}'\`; the next change does it as well. If others use this machine, sign in again.`,
  );
}

async function checkLoopback(address: string, { redirectUris }: Context): Promise<Finding> {
  const host = address.includes(':') ? `[${address}]` : address;
  const error = await explainPort(parseRedirectUri(`http://${host}:0/`));
  if (error === undefined) return ok(`Can listen on ${address}.`, 'The browser on this machine can reach it.');
  const leading = redirectUris.map(parseRedirectUri).filter(({ addresses }) => addresses.includes(address));
  if (leading.length === 0) return ok(error.message, 'Not needed: no redirect URI of this profile uses it.');
  return leading.some(({ addresses }) => addresses.length === 1)
    ? failed(error, "Sign-in won't work.")
    : ok(error.message, '`localhost` then means the other address, which is enough.');
}

async function checkPorts({ redirectUris }: Context): Promise<Finding> {
  const problems = await Promise.all(
    redirectUris.map(async (uri) => {
      const redirect = parseRedirectUri(uri);
      const problem = redirect.port === 0 ? undefined : await explainPort(redirect, { pid: processId() });
      return { uri, held: problem?.code === 'PORT_BUSY' ? problem : undefined };
    }),
  );
  const held = problems.flatMap(({ held: error }) => (error === undefined ? [] : [error]));
  const free = problems.filter(({ held: error }) => error === undefined).map(({ uri }) => uri);
  const [first] = held;
  if (first === undefined) {
    return redirectUris.every(takesAnyPort)
      ? ok('Any free port is used.', 'No other program can be in the way.')
      : ok(`Free: ${free.join(' ')}`, 'A sign-in can listen there.');
  }
  const found = held.map(({ message }) => message).join(' ');
  const [next] = free;
  return next === undefined
    ? wrong(found, "Sign-in won't work.", first.hint)
    : warning(found, `A sign-in uses the next one that is free: ${next}`, first.hint);
}

async function checkBrowser({ runtime: { environment } }: Context): Promise<Finding> {
  const byHand = 'You can always open the printed URL manually.';
  const fix = 'Fix or unset BROWSER to use the default browser.';
  const why = noDisplayReason(environment);
  if (why !== undefined) {
    return warning(
      `${NO_DISPLAY[why]}, so no browser is opened here.`,
      'The sign-in URL is printed instead, to open on any device.',
      'To open pages where you are, set BROWSER to a command that does.',
    );
  }
  try {
    const commands = await Promise.all(
      browserCommands(environment.BROWSER, { platform: platform() }).map(async ({ text, file }) => ({
        text: `"${text}"`,
        runs: await isRunnable(file, environment, platform()),
      })),
    );
    if (commands.length === 0) return ok('The default browser is used.', byHand);
    const working = commands.filter(({ runs }) => runs).map(({ text }) => text);
    const missing = commands.filter(({ runs }) => !runs).map(({ text }) => text);
    if (missing.length === 0) return ok(`Using BROWSER=${working.join(', then ')}.`, byHand);
    const found = `BROWSER names ${missing.join(' and ')}, which can't be run.`;
    return working.length === 0
      ? wrong(found, `The default browser is tried instead. ${byHand}`, fix)
      : warning(found, `${working.join(', then ')} is tried instead.`, 'Fix BROWSER.');
  } catch (thrown) {
    return wrong(asAuthError(thrown).message, byHand, fix);
  }
}

function checkProxy({ app: { endpoint }, runtime: { environment } }: Context): Finding {
  try {
    const proxy = proxyFor(endpoint, environment);
    if (proxy === undefined) return ok('No proxy is used for the provider.', 'Requests go straight to it.');
    return ok(
      `${proxy.from} names ${proxy.url}, ${proxy.authorization === undefined ? 'without' : 'with'} a password.`,
      'Requests to the provider go through it.',
    );
  } catch (thrown) {
    return failed(asAuthError(thrown), "The provider can't be reached.");
  }
}

async function checkCertificates({ runtime: { environment } }: Context): Promise<Finding> {
  const {
    NODE_EXTRA_CA_CERTS: file,
    NODE_OPTIONS = '',
    NODE_USE_SYSTEM_CA,
    NODE_TLS_REJECT_UNAUTHORIZED,
  } = environment;
  if (NODE_TLS_REJECT_UNAUTHORIZED === '0') {
    return wrong(
      'NODE_TLS_REJECT_UNAUTHORIZED=0 disables certificate checks.',
      'Anyone on the network can read your tokens.',
      'Unset NODE_TLS_REJECT_UNAUTHORIZED. For a TLS-inspecting proxy, name its CA in NODE_EXTRA_CA_CERTS.',
    );
  }
  const options = NODE_OPTIONS.split(/\s+/);
  const system = NODE_USE_SYSTEM_CA === '1' || options.includes('--use-system-ca');
  const trusted = options.includes('--use-openssl-ca')
    ? "OpenSSL's CAs"
    : `Node's CAs${system ? " and the system's" : ''}`;
  const means = 'Servers with certificates from any other CA are rejected.';
  if (!file) return ok(`Trusting ${trusted}.`, means);
  const extra = await certificatesIn(file);
  if (typeof extra === 'number')
    return ok(`Trusting ${trusted} plus ${extra} from ${file} (NODE_EXTRA_CA_CERTS).`, means);
  return wrong(
    `NODE_EXTRA_CA_CERTS names ${file}, but ${extra}.`,
    'Node ignores it, so a TLS-inspecting proxy will be rejected.',
    'Name a readable file of certificates in PEM form, or unset NODE_EXTRA_CA_CERTS.',
  );
}

/** How many certificates Node takes from a file, or why it takes none: it stops at the first that it cannot read. */
async function certificatesIn(file: string): Promise<number | string> {
  const text = await readFile(file, 'latin1').catch((error: NodeJS.ErrnoException) => error);
  if (text instanceof Error) return `it can't be read (${text.code ?? text.name})`;
  const [, ...found] = `\n${text}`.split(/^(?=-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----)/m);
  if (found.length === 0) return 'it has no PEM certificate';
  const damaged = found.findIndex((pem) => {
    try {
      return new X509Certificate(pem) === undefined;
    } catch {
      return true;
    }
  });
  return damaged === -1 ? found.length : `certificate ${damaged + 1} of ${found.length} is damaged`;
}

/** No clock that is right can be before this program was released. */
const RELEASED = new Date('2026-11-01T00:00:00Z');
/** What a slow response explains; beyond the other, tokens seem to live longer than they do. */
const TOLERABLE_SECONDS = 60;
const HARMFUL_SECONDS = 300;

function checkClock({ runtime, stored, asked }: Context): Finding {
  const means = 'Used to check expiry.';
  const todo = 'Set the clock, and turn on time sync (`timedatectl set-ntp true` on Linux with systemd).';
  const now = runtime.now();
  const obtainedAt = stored?.tokens?.obtainedAt;
  const reading = `The clock says ${now.toISOString()}`;
  if (now < RELEASED) return wrong(`${reading}, before this program was released.`, means, todo);
  if (obtainedAt !== undefined && obtainedAt.getTime() - now.getTime() > TOLERABLE_SECONDS * 1000) {
    const found = `${reading}, before the stored tokens were obtained, at ${obtainedAt.toISOString()}.`;
    return wrong(found, `${means} The stored token counts as expired, and is refreshed.`, todo);
  }
  if (asked?.aheadSeconds === undefined) return ok(`${reading}.`, means);
  const off = Math.abs(asked.aheadSeconds);
  if (off <= TOLERABLE_SECONDS) return ok(`${reading}, within a minute of the provider's.`, means);
  const found = `${reading}, ${off} seconds ${asked.aheadSeconds < 0 ? 'behind' : 'ahead of'} the provider's.`;
  return off > HARMFUL_SECONDS ? wrong(found, means, todo) : warning(found, means, todo);
}

function checkProvider({ app: { providerName, endpoint }, asked }: Context): Finding | undefined {
  if (asked === undefined) return undefined;
  if (asked.error !== undefined)
    return failed(asked.error, "Can't sign in or refresh right now; your tokens are kept.");
  return ok(`${providerName} is reachable at ${new URL(endpoint).host}.`, 'Sign-in and refresh can reach it.');
}

function profileFile({ config }: AppPaths, name: string): string {
  return profilePath(join(config, 'profiles'), name);
}

/** A file not by way of the store, which may not be openable. */
async function readStored(runtime: Runtime, name: string): Promise<[stored?: Profile, error?: AuthError]> {
  const { environment } = runtime;
  try {
    if (environment.FITBIT_LOGIN_STORE) return [await runtime.store.read(name)];
    return [readProfile(profileFile(appPaths(environment), name), userOf(environment))?.profile];
  } catch (thrown) {
    return [undefined, asAuthError(thrown)];
  }
}

interface App {
  readonly clientId?: string;
  readonly providerName: string;
  readonly redirectUris: readonly string[];
  /** A URL of the provider's that every sign-in needs. */
  readonly endpoint: string;
  /** Why no sign-in can begin with it. */
  readonly error?: AuthError;
}

/** The app that a sign-in would use, without asking the provider. */
async function appOf(stored: Profile | undefined, environment: Environment): Promise<App> {
  const offline: Fetch = () => Promise.reject(new AuthError('UNEXPECTED', 'The provider is not asked here.'));
  let clientId: string | undefined;
  try {
    const client = resolveClient({}, environment, stored);
    clientId = client?.id;
    const same = stored?.client.id === clientId ? stored : undefined;
    if (same?.issuer !== undefined) {
      const { issuer: endpoint, redirectUris } = same;
      return { clientId, providerName: knownProvider(same).name, redirectUris, endpoint };
    }
    const choice = { provider: undefined, client, stored, sandbox: stored?.sandbox };
    const { name, server, defaultRedirectUris } = await resolveProvider(choice, { fetch: offline });
    return {
      clientId,
      providerName: client === undefined ? 'A provider' : name,
      redirectUris: same?.redirectUris ?? defaultRedirectUris,
      endpoint: server.tokenEndpoint,
    };
  } catch (thrown) {
    const [endpoint, redirectUris] = ['https://oauth2.googleapis.com/token', [DEFAULT_REDIRECT_URI]];
    return { clientId, providerName: 'A provider', redirectUris, endpoint, error: asAuthError(thrown) };
  }
}

interface Asked {
  /** Why the provider cannot be used now. */
  readonly error?: AuthError;
  /** How far this clock is ahead of the provider's, in seconds, give or take one; behind where negative. */
  readonly aheadSeconds?: number;
}

/** One request without a token or a parameter: any response proves that it answers, and has the time (RFC 9110 §6.6.1). */
async function ask(app: App, { fetch, now }: Runtime, signal?: AbortSignal): Promise<Asked> {
  try {
    const before = now().getTime();
    const response = await fetch(app.endpoint, { signal });
    const ahead = Math.round(((before + now().getTime()) / 2 - Date.parse(response.headers.get('date') ?? '')) / 1000);
    const aheadSeconds = Number.isNaN(ahead) ? undefined : ahead;
    return { aheadSeconds, error: serviceFailure(app.providerName, response) };
  } catch (thrown) {
    return { error: asAuthError(thrown) };
  }
}

/** Whether a redirect URI leaves the port to the system. */
function takesAnyPort(uri: string): boolean {
  return URL.canParse(uri) && new URL(uri).port === '0';
}
