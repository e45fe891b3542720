#!/usr/bin/env node
import './cli/node-version.ts';
import manifest from '../package.json' with { type: 'json' };
import { codeCacheDirectory } from './auth/code-cache.ts';
import { readyToken } from './auth/ready-token.ts';
import { quickToken } from './cli/quick-token.ts';
import { print, writeToDescriptor } from './cli/stdout.ts';
import { asAuthError } from './errors.ts';

// With what it imports here, all that `token` loads as a rule: scripts ask for a token far more often than one has to be refreshed.
const { argv, env } = process;
const given = argv.slice(2);
const stdout = {
  write: (data: string | Uint8Array, done: (error?: Error | null) => void) =>
    writeToDescriptor(data, done, () => process.stdout.on('error', () => {})),
};
const quick = quickToken(given);
void (quick === undefined ? run() : token());

async function token(): Promise<void> {
  const ready = await readyToken({ ...quick, environment: env, uid: process.geteuid?.(), now: () => new Date() });
  if (ready === undefined) return run();
  await print(stdout, `${ready.reveal()}\n`).catch((thrown) => {
    const { message, hint, exitCode } = asAuthError(thrown);
    process.stderr.write(`✗ ${message}\n  ${hint}\n`);
    process.exitCode = exitCode;
  });
}

async function run(): Promise<void> {
  const { stderr } = process;
  // Node ignores this signal, so that a write beyond a limit fails with EFBIG; a listener that the lock's package adds would end us.
  process.on('SIGXFSZ', () => {});
  // A closed terminal is no reason to crash.
  stderr.on('error', () => {});
  // Nothing is made on Tab, and nothing is changed by looking.
  if (given[0] !== 'completion' && given[0] !== 'doctor') await keepCompiledCode();
  const [{ interrupted, main }, { isatty, ReadStream }, { openSync }] = await Promise.all([
    import('./cli/main.ts'),
    import('node:tty'),
    import('node:fs'),
  ]);
  const terminals = [0, 1, 2].filter((descriptor) => isatty(descriptor));
  const end = (code: number) => {
    // Node gives every terminal back as it found it when it ends, and aborts where that fails: a terminal that is gone ends us by itself.
    if (terminals.every((descriptor) => isatty(descriptor))) process.exit(code);
    process.removeAllListeners('SIGHUP');
    process.kill(process.pid, 'SIGHUP');
  };
  const stop = new AbortController();
  let onSignal = (signal: NodeJS.Signals) => {
    if (stop.signal.aborted) end(130);
    stop.abort(interrupted(signal));
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => onSignal(signal));
  const exitCode = await main({
    argv: given,
    version: manifest.version,
    // Made where it is asked for: few commands read it.
    get stdin() {
      const { stdin } = process;
      if (stdin.listenerCount('error') === 0) stdin.on('error', () => {});
      return stdin;
    },
    stdout: {
      ...stdout,
      isTTY: isatty(1),
      get columns() {
        return process.stdout.columns;
      },
    },
    stderr,
    openTerminal: () => {
      try {
        return new ReadStream(openSync('/dev/tty', 'r')).on('error', () => {});
      } catch {
        return undefined;
      }
    },
    signal: stop.signal,
    takeSignals: (handle) => {
      onSignal = handle;
    },
    interrupt: () => onSignal('SIGINT'),
    runtimeOptions: { environment: env },
  });
  // A browser's idle connections and a running launcher must not hold the process; what was written is let out first.
  await new Promise<void>((resolve) => stderr.write('', () => resolve()));
  end(exitCode);
}

/** Node 22 and later: what was compiled once is not compiled again. */
async function keepCompiledCode(): Promise<void> {
  const { default: module } = await import('node:module');
  if (!('enableCompileCache' in module) || typeof module.enableCompileCache !== 'function') return;
  const directory = codeCacheDirectory(env, process.getuid?.());
  if (directory !== undefined) module.enableCompileCache(directory);
}
