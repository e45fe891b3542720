#!/usr/bin/env node
import './cli/node-version.ts';
import { writeSync } from 'node:fs';
import manifest from '../package.json' with { type: 'json' };
import { type PlainToken, plainToken } from './cli/plain-token.ts';
import { codeCacheDirectory } from './library/code-cache.ts';

// The only file, beside the library's surroundings, that touches the process. It is all that most runs load: a script asks for a
// token far more often than a token has to be refreshed.
const { argv, env } = process;
const STDOUT = 1;
const given = argv.slice(2);
const plain = plainToken(given);
void (plain === undefined ? run() : token(plain));

async function token({ profile, minTtl }: PlainToken): Promise<void> {
  const { readyToken } = await import('./library/ready-token.ts');
  const ready = await readyToken({
    profile,
    minTtlSeconds: minTtl,
    environment: env,
    uid: process.geteuid?.(),
    now: () => new Date(),
  });
  if (ready === undefined) await run();
  else print(`${ready.reveal()}\n`);
}

/** Straight to the descriptor, as far as that takes it: to make Node's stream for it takes longer than all the rest. */
function print(line: string): void {
  const bytes = Buffer.from(line);
  let written = 0;
  try {
    written = writeSync(STDOUT, bytes);
  } catch {
    // Full, or gone: the stream waits, or leaves it at that.
  }
  if (written < bytes.length) process.stdout.on('error', () => {}).write(bytes.subarray(written));
}

/** Node 22 and later: what was compiled once is not compiled again. */
async function keepCompiledCode(): Promise<void> {
  const { default: module } = await import('node:module');
  if (!('enableCompileCache' in module) || typeof module.enableCompileCache !== 'function') return;
  const directory = codeCacheDirectory(env, process.getuid?.());
  if (directory !== undefined) module.enableCompileCache(directory);
}

async function run(): Promise<void> {
  const { stdout, stderr } = process;
  // Node ignores this signal, so that a write beyond a limit fails with EFBIG; a listener that the lock's package adds would end us.
  process.on('SIGXFSZ', () => {});
  // A reader that has gone away (`fitbit-login status | head -1`) is no reason to crash, and neither is a closed terminal.
  for (const stream of [stdout, stderr]) stream.on('error', () => {});

  // Nothing is made on Tab, and nothing is changed by looking.
  if (given[0] !== 'completion' && given[0] !== 'doctor') await keepCompiledCode();
  const [{ interrupted, main }, { isatty }] = await Promise.all([import('./cli/main.ts'), import('node:tty')]);
  const terminals = [0, STDOUT, 2].filter((descriptor) => isatty(descriptor));
  const end = (code: number) => {
    // Node gives every terminal back as it found it when it ends, and aborts where that fails: a terminal that is gone ends us by itself.
    if (terminals.every((descriptor) => isatty(descriptor))) process.exit(code);
    process.removeAllListeners('SIGHUP');
    process.kill(process.pid, 'SIGHUP');
  };
  const stop = new AbortController();
  let onSignal = (signal: NodeJS.Signals) => {
    if (stop.signal.aborted) {
      stderr.write('fitbit-login: Ended at once.\n');
      end(130);
    }
    stop.abort(interrupted(signal));
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => onSignal(signal));
  const exitCode = await main({
    argv: given,
    version: manifest.version,
    // Made where it is asked for: few commands read it, and Node takes its time to make it.
    get stdin() {
      const { stdin } = process;
      if (stdin.listenerCount('error') === 0) stdin.on('error', () => {});
      return stdin;
    },
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
}
