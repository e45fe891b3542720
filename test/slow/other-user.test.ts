import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { describe, expect, test } from 'vitest';

const isPossible = process.platform === 'linux' && process.getuid?.() === 0;
if (!isPossible) console.warn('SKIPPED: a process of another user; needs root on Linux.');

const as = (uid: number) => ['setpriv', `--reuid=${uid}`, `--regid=${uid}`, '--clear-groups'];
const [US, THIEF] = [as(4711), as(4712)];

/** A bound sign-in of ours, in a process of its own; it says what it notices and accepts. */
const SERVER = `
import { listen } from './src/server/listen.ts';
(async () => {
  const listener = await listen({
    redirectUris: ['http://127.0.0.1:0/callback'],
    begin: () => 'https://provider.example/',
    validate: (given) => given.get('state') === 'right'
      ? { kind: 'accepted', response: given.get('code') }
      : { kind: 'unexpected', page: { tone: 'waiting', title: 'Not awaited' } },
    onNotice: (notice) => console.log('notice ' + notice),
  });
  void listener.callback.then((pending) => {
    console.log('accepted ' + pending.response);
    void pending.respond({ tone: 'success', title: 'Signed in' });
  });
  console.log(listener.redirectUri);
})();`;

/** Sends the callback that it has read somewhere, and waits, or closes its end in each of three ways: its user is hard to find then. */
const theft = (port: string) => `
for (let i = 0; i < 200; i += 1) {
  const socket = require('net').connect(${port}, '127.0.0.1', () => {
    const request = 'GET /callback?code=stolen&state=right HTTP/1.1\\r\\nhost: 127.0.0.1:${port}\\r\\naccept: text/html\\r\\n\\r\\n';
    if (i % 4 === 0) socket.end(request);
    else socket.write(request, () => [socket.destroy, socket.resetAndDestroy, socket.resume][i % 4 - 1].call(socket));
  });
  socket.on('error', () => {});
}
setTimeout(process.exit, 5000);`;

describe.skipIf(!isPossible)('under load', () => {
  test('a process of another user that sends a valid callback and waits or closes at once, 200 times under load, is never accepted', async () => {
    const children: ChildProcess[] = [];
    const program = join(tmpdir(), `other-user-${process.pid}.cjs`);
    const start = (words: readonly string[], stdout: 'pipe' | 'ignore' = 'ignore') => {
      const [file = '', ...args] = words;
      const child = spawn(file, args, { stdio: ['ignore', stdout, 'inherit'] });
      children.push(child);
      return child;
    };
    try {
      const stdin = { contents: SERVER, resolveDir: '.', loader: 'ts' } as const;
      const bundled = await build({ stdin, bundle: true, platform: 'node', format: 'cjs', write: false });
      await writeFile(program, bundled.outputFiles[0]?.text ?? '', { mode: 0o644 });
      const said: string[] = [];
      const server = start([...US, process.execPath, program], 'pipe');
      server.stdout?.setEncoding('utf8').on('data', (text: string) => said.push(...text.trim().split('\n')));
      while (said.length === 0) await once(server.stdout ?? server, 'data');
      const { port } = new URL(said[0] ?? '');
      for (let busy = 0; busy < 2; busy += 1) start([process.execPath, '-e', 'for (;;);']);

      await once(start([...THIEF, process.execPath, '-e', theft(port)]), 'exit');
      expect(said.filter((line) => line.startsWith('accepted'))).toEqual([]);

      // The wait has gone on, for a program of ours.
      const own = `fetch('http://127.0.0.1:${port}/callback?code=ours&state=right').then((page) => page.text())`;
      await once(start([...US, process.execPath, '-e', own]), 'exit');
      expect(said.filter((line) => line.startsWith('accepted'))).toEqual(['accepted ours']);
    } finally {
      for (const child of children) child.kill('SIGKILL');
      await rm(program, { force: true });
    }
  }, 120_000);
});
