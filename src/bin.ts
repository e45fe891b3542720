#!/usr/bin/env node
import { isatty } from 'node:tty';
import manifest from '../package.json' with { type: 'json' };
import { main } from './cli/main.ts';
import { AuthError } from './errors.ts';

// The only file, beside the library's surroundings, that touches the process.
const stop = new AbortController();
let onSignal = (signal: NodeJS.Signals) => {
  if (stop.signal.aborted) {
    process.stderr.write('fitbit-login: Ended at once.\n');
    end(130);
  }
  stop.abort(new AuthError('INTERRUPTED', 'Interrupted.', { details: { signal } }));
};
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => onSignal(signal));
// Node ignores this signal, so that a write beyond a limit fails with EFBIG; a listener that the lock's package adds would end us.
process.on('SIGXFSZ', () => {});
// A reader that has gone away (`fitbit-login status | head -1`) is no reason to crash, and neither is a closed terminal.
for (const stream of [process.stdin, process.stdout, process.stderr]) stream.on('error', () => {});

const { argv, env, stdin, stdout, stderr } = process;
const exitCode = await main({
  argv: argv.slice(2),
  version: manifest.version,
  stdin,
  stdout,
  stderr,
  signal: stop.signal,
  takeSignals: (handle) => {
    onSignal = handle;
  },
  keys: {
    interrupt: () => onSignal('SIGINT'),
    suspend: (resumed) => {
      process.once('SIGCONT', resumed);
      process.kill(process.pid, 'SIGTSTP');
    },
  },
  surroundings: { environment: env },
});
// A browser's idle connections and a running launcher must not hold the process; what was written is let out first.
for (const stream of [stdout, stderr]) await new Promise<void>((resolve) => stream.write('', () => resolve()));
end(exitCode);

/** Node gives every terminal back as it found it when it ends, and aborts where that fails: a terminal that is gone ends us by itself. */
function end(code: number): void {
  const gone = [process.stdin, process.stdout, process.stderr].some((stream) => stream.isTTY && !isatty(stream.fd));
  if (!gone) process.exit(code);
  process.removeAllListeners('SIGHUP');
  process.kill(process.pid, 'SIGHUP');
}
