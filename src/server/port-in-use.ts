import { readlinkSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { createServer } from 'node:net';
import { platform } from 'node:os';
import { basename } from 'node:path';
import { AuthError } from '../errors.ts';
import { BindError, type BindFailure, bindErrorCode, isAbsent } from './bind.ts';
import { capitalized } from './pages/texts.ts';
import { authorityOf, type RedirectUri } from './redirect-uri.ts';
import { ANY_IPV4, ANY_IPV6, LISTEN, tableForms, tcpTable } from './tcp-table.ts';

interface ExplainOptions {
  /** The ID of this process, which the hint must not suggest to stop. */
  readonly pid?: number | undefined;
  readonly os?: NodeJS.Platform;
}

/** Why none of the redirect URIs could be bound: `PORT_BUSY` where the port of one is taken, else `LISTEN_FAILED`. */
export async function explainBindError({ failures }: BindError, options: ExplainOptions = {}): Promise<AuthError> {
  const problems = await Promise.all(failures.map((failure) => explain(failure, options)));
  const reasons = problems.map(({ reason }) => reason);
  const message =
    reasons.length === 1
      ? `${capitalized(reasons[0] ?? '')}.`
      : `None of the ${reasons.length} redirect URIs can be used: ${reasons.join('; ')}.`;
  const busy = failures.findIndex(({ code }) => code === 'EADDRINUSE');
  const { hint, details } = problems[Math.max(0, busy)] ?? {};
  const tried = failures.map(({ redirect, address }) => authorityOf(address, redirect.port)).join(', ');
  const cause = failures[0]?.cause;
  return new AuthError(busy === -1 ? 'LISTEN_FAILED' : 'PORT_BUSY', message, {
    cause,
    hint,
    details: { tried, ...details },
  });
}

/**
 * Why a sign-in with this redirect URI could not listen now; `undefined` where it could. Binds each of its addresses for a moment, as
 * nothing else is certain.
 */
export async function explainPort(redirect: RedirectUri, options: ExplainOptions = {}): Promise<AuthError | undefined> {
  const causes = await Promise.all(redirect.addresses.map((address) => refusalAt(address, redirect.port)));
  const failures = redirect.addresses.flatMap((address, index) => {
    const cause = causes[index];
    return cause === undefined ? [] : [{ redirect, address, code: bindErrorCode(cause), cause }];
  });
  // `localhost` is caught on the one stack that a machine has.
  const failed = failures.length < causes.length ? failures.filter(({ code }) => !isAbsent(code)) : failures;
  return failed[0] === undefined ? undefined : explainBindError(new BindError([failed[0]]), options);
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

/** What is wrong with one address, as the end of a sentence, what helps, and who holds the port, for `--json`. */
interface Problem {
  readonly reason: string;
  readonly hint: string;
  readonly details?: Readonly<Record<string, string | number>>;
}

function explain(failure: BindFailure, options: ExplainOptions): Promise<Problem> | Problem {
  return failure.code === 'EADDRINUSE' ? portInUse(failure, options) : cannotListen(failure, options);
}

const OTHER_URI = 'register another redirect URI and pass it with `--redirect-uri`';
const ANY_PORT = 'Google apps of the type Desktop take any port: `--redirect-uri http://127.0.0.1:0/callback`.';

async function portInUse({ redirect, address }: BindFailure, { pid: ownPid, os }: ExplainOptions): Promise<Problem> {
  const { port, addresses } = redirect;
  if (port === 0) {
    return {
      reason: 'there is no free port',
      hint: 'Close programs that use many ports, then try again.',
      details: {},
    };
  }
  const holder = await holderOf(address, port);
  const { pid, process = 'a program', uid } = holder;
  const either = addresses.length > 1 ? ` on ${address}, where ${redirect.host} may lead too` : '';
  const details = { address, port, ...holder };
  if (pid !== undefined && pid === ownPid) {
    const reason = `port ${port} is used by this process (pid ${pid}), for another sign-in${either}`;
    return { reason, details, hint: 'Finish or cancel the other sign-in first.' };
  }
  if (pid !== undefined) {
    const reason = `port ${port} is used by ${process} (pid ${pid})${either}`;
    return { reason, details, hint: `Stop it (\`kill ${pid}\`), or ${OTHER_URI}. ${ANY_PORT}` };
  }
  const who = uid === undefined ? 'another program' : `a program of another user (uid ${uid})`;
  return {
    reason: `port ${port} is used by ${who}${either}`,
    details,
    hint: `${showing(port, os ?? platform())} shows which one. Stop it, or ${OTHER_URI}. ${ANY_PORT}`,
  };
}

/** The system's own command that shows who listens at a port. */
function showing(port: number, os: NodeJS.Platform): string {
  if (os === 'win32') return `\`netstat -ano | findstr :${port}\``;
  return os === 'linux' ? `\`sudo ss -ltnp sport = :${port}\`` : `\`sudo lsof -nP -iTCP:${port} -sTCP:LISTEN\``;
}

function cannotListen({ redirect, address, code }: BindFailure, { os = platform() }: ExplainOptions): Problem {
  const { port, path } = redirect;
  const problem = (reason: string, hint: string) => ({
    reason: `cannot listen on ${authorityOf(address, port)}: ${reason}`,
    hint,
  });
  if (code === 'EACCES' && port < 1024) {
    return problem(`port ${port} is privileged`, `Use a port above 1023: ${OTHER_URI}.`);
  }
  if (code === 'EACCES') {
    const list = 'On Windows, `netsh interface ipv4 show excludedportrange tcp` lists the reserved ports.';
    return problem(`port ${port} is reserved by the system`, `Use another port: ${OTHER_URI}. ${list}`);
  }
  if (!isAbsent(code)) return problem(`the system answered ${code}`, 'Check that programs may listen on loopback.');
  if (address === '::1') {
    // A kernel that was started without IPv6 answers EAFNOSUPPORT, and has no such switch.
    const isSwitch = os === 'linux' && code === 'EADDRNOTAVAIL';
    const enable = isSwitch ? ', or enable IPv6: `sudo sysctl net.ipv6.conf.lo.disable_ipv6=0`.' : '.';
    const uri = `http://${authorityOf('127.0.0.1', port)}${path}`;
    return problem(
      'this machine has no IPv6, or it is switched off',
      `Register ${uri} instead and pass it with \`--redirect-uri\`${enable}`,
    );
  }
  const linux = '`sudo ip link set lo up`; if it is up, restore its address: `sudo ip addr add 127.0.0.1/8 dev lo`.';
  return problem(
    'the loopback interface is down, or has no address',
    `Bring it up${os === 'linux' ? `: ${linux}` : '.'}`,
  );
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
