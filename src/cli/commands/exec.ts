import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import * as v from 'valibot';
import { defined } from '../../defined.ts';
import { withoutSecrets } from '../../environment.ts';
import { AuthError } from '../../errors.ts';
import { accessToken, environmentFor } from '../../index.ts';
import type { Command } from '../command.ts';
import { commonOptions, MIN_TTL } from '../options.ts';

const Options = v.object({ ...commonOptions, minTtl: v.optional(v.number()) });

export const execCommand: Command = {
  name: 'exec',
  summary: 'run a command with a working access token in its environment',
  arguments: [{ name: '<command...>', description: 'the command and its arguments', offer: 'files' }],
  passThrough: true,
  options: [MIN_TTL],
  examples: [
    {
      what: 'FITBIT_ACCESS_TOKEN, FITBIT_USER_ID and FITBIT_CLIENT_ID are set',
      command: 'fitbit-login exec -- python3 fetch.py --days 7',
    },
  ],
  run: async (given, context) => {
    const { profile, minTtl } = v.parse(Options, given);
    const { operands, environment, signal, takeSignals, surroundings } = context;
    const found = await accessToken(defined({ profile, minTtlSeconds: minTtl, signal }), surroundings);
    signal.throwIfAborted();
    const [command = '', ...args] = operands;
    const child = spawn(command, args, {
      stdio: 'inherit',
      env: { ...withoutSecrets(environment), ...environmentFor(found) },
    });
    // Ctrl-C reaches the child by itself, from the terminal, as often as it is pressed: an interactive program lives on. A signal
    // to this process alone is handed on.
    takeSignals((name) => {
      if (name !== 'SIGINT') child.kill(name);
    });
    return new Promise((resolve, reject) => {
      child.once('error', (cause) =>
        reject(
          new AuthError('USAGE', `${command} cannot be run: ${cause.message}.`, { cause, hint: 'Check the command.' }),
        ),
      );
      // As a shell does: the command's own code, or 128 and the signal that ended it.
      child.once('exit', (code, killedBy) =>
        resolve(code ?? 128 + (killedBy === null ? 0 : constants.signals[killedBy])),
      );
    });
  },
};
