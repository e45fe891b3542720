import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { listening } from '../flow/forward-proxy.ts';

/** Debian's package tinyproxy-bin, which starts no service. */
const TINYPROXY = 'tinyproxy';

/** For `describe.skipIf(skipWithoutTinyproxy)`: says loudly what is not tested. */
export const skipWithoutTinyproxy = spawnSync(TINYPROXY, ['-v']).status !== 0;
if (skipWithoutTinyproxy) console.warn('SKIPPED: tinyproxy is not there to go through.');

/** A forward proxy that others wrote, with a password. */
export interface Tinyproxy extends AsyncDisposable {
  readonly port: number;
  /** What it said of its work. */
  readonly log: string;
}

/** @param next the proxy that it hands everything on to, as the proxy of a department does: that one knows the names */
export async function tinyproxy(next: number, user: string, password: string): Promise<Tinyproxy> {
  const place = await mkdtemp(join(tmpdir(), 'tinyproxy-'));
  const found = await listening(createServer());
  const { port } = found;
  await found[Symbol.asyncDispose]();
  const lines = [`Port ${port}`, 'Listen 127.0.0.1', 'Timeout 30', `BasicAuth ${user} ${password}`];
  await writeFile(join(place, 'conf'), [...lines, `Upstream http 127.0.0.1:${next}`, ''].join('\n'));
  const child = spawn(TINYPROXY, ['-d', '-c', join(place, 'conf')], { stdio: ['ignore', 'pipe', 'inherit'] });
  let log = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    log += chunk;
  });
  const ended = once(child, 'exit');
  while (!log.includes('Accepting connections')) {
    const over = await Promise.race([once(child.stdout, 'data').then(() => false), ended.then(() => true)]);
    if (over) throw new Error(`tinyproxy did not start: ${log}`);
  }
  return {
    port,
    get log() {
      return log;
    },
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGKILL');
      await ended;
      await rm(place, { recursive: true, force: true });
    },
  };
}
