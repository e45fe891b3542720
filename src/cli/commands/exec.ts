import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { accessToken, environmentFor, keepTokenFile } from '../../auth/index.ts';
import { withoutSecrets } from '../../environment.ts';
import { errnoOf } from '../../errors.ts';
import { command } from '../command.ts';
import { MIN_TTL } from '../options.ts';
import { mark } from '../output.ts';

/** As a shell ends where it has not found a command, or found one that it cannot run. */
const NOT_FOUND = 127;
const NOT_RUNNABLE = 126;
const START_FAILURES: Readonly<Record<string, string>> = {
  ENOENT: 'command not found',
  EACCES: 'permission denied',
  ENOEXEC: 'not an executable',
};

export const execCommand = command({
  name: 'exec',
  summary: 'Run a command with a token in its environment',
  arguments: [{ name: '<command...>', description: 'the command and its arguments', offer: 'files' }],
  passThrough: true,
  options: [
    MIN_TTL,
    {
      flags: '--token-file',
      description: 'keep a working token in the file FITBIT_TOKEN_FILE while the command runs',
    },
  ],
  common: ['profile', 'log-level'],
  examples: [
    {
      what: 'FITBIT_ACCESS_TOKEN, FITBIT_USER_ID and FITBIT_CLIENT_ID are set',
      command: 'fitbit-login exec -- python3 fetch.py --days 7',
    },
    {
      what: 'A program that runs for days reads FITBIT_TOKEN_FILE for each request',
      command: 'fitbit-login exec --token-file -- python3 server.py',
    },
  ],
  run: async ({ profile, minTtl: minTtlSeconds, tokenFile }, context) => {
    const { operands, environment, signal, takeSignals, runtimeOptions, say, colors } = context;
    const found = await accessToken({ profile, minTtlSeconds, signal }, runtimeOptions);
    signal.throwIfAborted();
    await using file = tokenFile ? await keepTokenFile({ profile, minTtlSeconds }, runtimeOptions) : undefined;
    const [command = '', ...args] = operands;
    const child = spawn(command, args, {
      stdio: 'inherit',
      env: { ...withoutSecrets(environment), ...environmentFor(found), ...(file && { FITBIT_TOKEN_FILE: file.path }) },
    });
    // Ctrl-C reaches the child by itself, from the terminal, as often as it is pressed: an interactive program lives on. A signal
    // to this process alone is handed on.
    takeSignals((name) => {
      if (name !== 'SIGINT') child.kill(name);
    });
    return await new Promise((resolve) => {
      child.once('error', (cause) => {
        const code = errnoOf(cause) ?? cause.message;
        say(`${mark('bad', colors.err)} ${command}: ${START_FAILURES[code] ?? `can't be run (${code})`}`);
        resolve(code === 'ENOENT' ? NOT_FOUND : NOT_RUNNABLE);
      });
      // As a shell does: the command's own code, or 128 and the signal that ended it.
      child.once('exit', (code, killedBy) =>
        resolve(code ?? 128 + (killedBy === null ? 0 : constants.signals[killedBy])),
      );
    });
  },
});
