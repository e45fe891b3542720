#!/usr/bin/env node
import manifest from '../package.json' with { type: 'json' };
import { main } from './cli/main.ts';
import { AuthError } from './errors.ts';

// The only file, beside the library's surroundings, that touches the process.
const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    if (stop.signal.aborted) process.exit(130);
    stop.abort(new AuthError('INTERRUPTED', 'Interrupted.', { details: { signal } }));
  });
}
// Node ignores this signal, so that a write beyond a limit fails with EFBIG; a listener that the lock's package adds would end us.
process.on('SIGXFSZ', () => {});
// A reader that has gone away (`fitbit-login status | head -1`) is no reason to crash.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});

const { argv, env, stdin, stdout, stderr } = process;
const exitCode = await main({
  argv: argv.slice(2),
  version: manifest.version,
  stdin,
  stdout,
  stderr,
  signal: stop.signal,
  surroundings: { environment: env },
});
// A browser's idle connections and a running launcher must not hold the process; what was written is let out first.
for (const stream of [stdout, stderr]) await new Promise<void>((resolve) => stream.write('', () => resolve()));
process.exit(exitCode);
