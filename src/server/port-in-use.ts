import { readlinkSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { createServer } from 'node:net';
import { platform } from 'node:os';
import { basename } from 'node:path';
import { type AuthError, errnoOf } from '../errors.ts';
import { cannotBind, PORT_PROBLEMS, type Problem, portPlace } from '../messages.ts';
import { authorityOf, type RedirectUri } from './redirect-uri.ts';
import { ANY_IPV4, ANY_IPV6, LISTEN, tableForms, tcpTable } from './tcp-table.ts';

/** Why a redirect URI could not be bound: its first address that was refused, and the system's own code, such as `EADDRINUSE`. */
export interface BindFailure {
  readonly redirect: RedirectUri;
  readonly address: string;
  readonly code: string;
  readonly cause: unknown;
}

/** The failure at `address`, from what the system threw. */
export function bindFailure(redirect: RedirectUri, address: string, cause: unknown): BindFailure {
  return { redirect, address, code: errnoOf(cause) ?? 'an unknown error', cause };
}

/** Whether the machine has no such address: IPv6 switched off, not built in, or an interface that is down. */
export function isAbsent({ code }: BindFailure): boolean {
  return code === 'EADDRNOTAVAIL' || code === 'EAFNOSUPPORT';
}

interface ExplainOptions {
  /** The ID of this process, which the hint must not suggest to stop. */
  readonly pid?: number;
  readonly os?: NodeJS.Platform;
}

/** Why none of the redirect URIs could be bound: `PORT_BUSY` where the port of one is taken, else `LISTEN_FAILED`. */
export async function explainBind(failures: readonly BindFailure[], options: ExplainOptions = {}): Promise<AuthError> {
  const problems = await Promise.all(failures.map((failure) => explain(failure, options)));
  const busy = failures.findIndex(({ code }) => code === 'EADDRINUSE');
  const { problem: [, hint] = [], details } = problems[Math.max(0, busy)] ?? {};
  const tried = failures.map(({ redirect, address }) => authorityOf(address, redirect.port)).join(', ');
  const reasons = problems.map(({ problem: [reason] }) => reason);
  const code = busy === -1 ? 'LISTEN_FAILED' : 'PORT_BUSY';
  return cannotBind(code, reasons, { cause: failures[0]?.cause, hint, details: { tried, ...details } });
}

/**
 * Why a sign-in with this redirect URI could not listen now; `undefined` where it could. Binds each of its addresses for a moment, as
 * nothing else is certain.
 */
export async function explainPort(redirect: RedirectUri, options: ExplainOptions = {}): Promise<AuthError | undefined> {
  const causes = await Promise.all(redirect.addresses.map((address) => refusalAt(address, redirect.port)));
  const failures = redirect.addresses.flatMap((address, index) => {
    const cause = causes[index];
    return cause === undefined ? [] : [bindFailure(redirect, address, cause)];
  });
  // `localhost` is caught on the one stack that a machine has.
  const failed = failures.length < causes.length ? failures.filter((failure) => !isAbsent(failure)) : failures;
  return failed[0] && explainBind([failed[0]], options);
}

async function refusalAt(host: string, port: number): Promise<unknown> {
  const server = createServer();
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject).listen({ host, port, exclusive: true }, resolve);
    });
  } catch (error) {
    return error;
  }
  await new Promise((resolve) => server.close(resolve));
  return undefined;
}

/** `details`, for `--json`, say who holds the port. */
async function explain(
  failure: BindFailure,
  { pid: ownPid, os = platform() }: ExplainOptions,
): Promise<{ readonly problem: Problem; readonly details?: object }> {
  if (failure.code !== 'EADDRINUSE') return { problem: cannotListen(failure, os) };
  const { redirect, address } = failure;
  const { port, addresses, host } = redirect;
  if (port === 0) return { problem: PORT_PROBLEMS.noneFree };
  const holder = await holderOf(address, port);
  const { pid, process = 'a program', uid } = holder;
  const place = portPlace(port, addresses.length > 1 ? { address, host } : undefined);
  const details = { address, port, ...holder };
  if (pid === undefined) return { details, problem: PORT_PROBLEMS.unknownHolder(place, uid, showing(port, os)) };
  if (pid === ownPid) return { details, problem: PORT_PROBLEMS.ownSignIn(place, pid) };
  return { details, problem: PORT_PROBLEMS.holder(place, process, pid) };
}

/** The system's own command that shows who listens at a port. */
function showing(port: number, os: NodeJS.Platform): string {
  if (os === 'win32') return `\`netstat -ano | findstr :${port}\``;
  return os === 'linux' ? `\`sudo ss -ltnp sport = :${port}\`` : `\`sudo lsof -nP -iTCP:${port} -sTCP:LISTEN\``;
}

function cannotListen(failure: BindFailure, os: NodeJS.Platform): Problem {
  const { redirect, address, code } = failure;
  const { port, path } = redirect;
  const at = authorityOf(address, port);
  if (code === 'EACCES') return port < 1024 ? PORT_PROBLEMS.privileged(at) : PORT_PROBLEMS.reserved(at);
  if (!isAbsent(failure)) return PORT_PROBLEMS.refused(at, code);
  if (address !== '::1') return PORT_PROBLEMS.loopbackDown(at, os === 'linux');
  // A kernel that was started without IPv6 answers EAFNOSUPPORT, and has no such switch.
  const isSwitch = os === 'linux' && code === 'EADDRNOTAVAIL';
  return PORT_PROBLEMS.noIpv6(at, `http://${authorityOf('127.0.0.1', port)}${path}`, isSwitch);
}

interface Holder {
  readonly pid?: number;
  /** Its program's file, without directory. Never its arguments, which may hold a secret. */
  readonly process?: string;
  /** The owner of a socket whose process is not shown: another user's program, or one in another container. */
  readonly uid?: number;
}

/** The addresses whose sockets keep one from being bound. */
const HOLDING: Readonly<Record<string, readonly string[]>> = {
  '127.0.0.1': [...tableForms('127.0.0.1'), ANY_IPV4, ANY_IPV6],
  '::1': [...tableForms('::1'), ANY_IPV6],
};

/** Who holds a loopback address at a port, as Linux shows (proc_pid_net(5), proc_pid_fd(5)). Nothing is known elsewhere. */
export async function holderOf(address: string, port: number): Promise<Holder> {
  const listening = (await tcpTable(port)).filter(({ state }) => state === LISTEN);
  const rows = (HOLDING[address] ?? []).flatMap((form) => listening.filter(({ local }) => local.address === form));
  return rows[0] === undefined ? {} : processOf(rows[0].inode, rows[0].uid);
}

/** Of several processes that share the socket the first one, the parent as a rule. */
async function processOf(inode: string, uid: number): Promise<Holder> {
  const pids = (await readdir('/proc').catch(() => [])).map(Number).filter((pid) => pid > 0);
  for (const pid of pids.sort((a, b) => a - b)) {
    // Other users' processes do not show theirs.
    const files = await readdir(`/proc/${pid}/fd`).catch(() => []);
    if (!files.some((file) => link(`/proc/${pid}/fd/${file}`) === `socket:[${inode}]`)) continue;
    const file = link(`/proc/${pid}/exe`)?.replace(/ \(deleted\)$/, '');
    return file === undefined ? { pid } : { pid, process: printable(basename(file)) };
  }
  return { uid };
}

/** Synchronous: thousands of these take milliseconds so, and a tenth of a second in the thread pool. */
function link(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}

/** A file may be called anything, also something that commands a terminal. */
function printable(name: string): string {
  return name.replace(/\p{C}/gu, '?').slice(0, 64);
}
