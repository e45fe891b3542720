import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import process from 'node:process';

/** A program of its own that holds a port. */
export interface PortProgram extends AsyncDisposable {
  readonly child: ChildProcess;
  readonly pid: number;
  readonly port: number;
}

/** Node, on the address that is given; it accepts and never answers. */
export async function nodeAt(host: string, { port = 0, executable = process.execPath } = {}): Promise<PortProgram> {
  const script = `require('net').createServer().listen(${JSON.stringify({ host, port })}, function () { console.log('at ' + this.address().port) })`;
  return started(spawn(executable, ['--eval', script]), /at (\d+)/);
}

/** Python's own web server, on all IPv4 addresses. */
export async function pythonServer(port = 0): Promise<PortProgram> {
  const args = ['-u', '-m', 'http.server', String(port), '--bind', '0.0.0.0', '--directory', '/proc/self/fdinfo'];
  return started(spawn('python3', args), /port (\d+)/);
}

/** Says loudly what is not tested without a program. */
export function lacks(program: string, ...args: readonly string[]): boolean {
  const missing = spawnSync(program, args, { stdio: 'ignore', timeout: 10_000 }).error !== undefined;
  if (missing) console.warn(`SKIPPED: ${program} is not installed.`);
  return missing;
}

/** A port that is free at the moment, on every address. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (typeof address !== 'object' || address === null) throw new TypeError('no port');
  return address.port;
}

/** Whether this machine has an IPv6 loopback address. */
export const hasIpv6 = await nodeAt('::1').then(
  (program) => program[Symbol.asyncDispose]().then(() => true),
  () => false,
);

async function started(child: ChildProcess, says: RegExp): Promise<PortProgram> {
  let said = '';
  const ended = once(child, 'close');
  const port = await new Promise<number>((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (chunk: string) => {
        said += chunk;
        const found = says.exec(said)?.[1];
        if (found !== undefined) resolve(Number(found));
      });
    }
    child.once('error', reject);
    ended.then(() => reject(new Error(`It ended: ${said}`)), reject);
  });
  return {
    child,
    pid: child.pid ?? 0,
    port,
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGKILL');
      await ended;
    },
  };
}
