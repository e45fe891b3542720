import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import * as v from 'valibot';
import { defined } from '../../defined.ts';
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
    const { operands, environment, signal, surroundings } = context;
    const found = await accessToken(defined({ profile, minTtlSeconds: minTtl, signal: context.signal }), surroundings);
    const [command = '', ...args] = operands;
    const child = spawn(command, args, { stdio: 'inherit', env: { ...environment, ...environmentFor(found) } });
    // Ctrl-C reaches the child by itself, from the terminal; a signal to this process alone is handed on.
    const handOn = () => {
      const { signal: name } = signal.reason instanceof AuthError ? signal.reason.details : {};
      if (name === 'SIGTERM' || name === 'SIGHUP') child.kill(name);
    };
    if (signal.aborted) handOn();
    signal.addEventListener('abort', handOn, { once: true });
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
