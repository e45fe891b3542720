import { once } from 'node:events';
import * as v from 'valibot';
import { AuthError } from '../../errors.ts';
import { startSandbox } from '../../index.ts';
import type { Command } from '../command.ts';
import { commonOptions } from '../options.ts';
import { inJsonOr, table } from '../print.ts';

const Options = v.object({ ...commonOptions, port: v.optional(v.number(), 8977) });

export const sandboxCommand: Command = {
  name: 'sandbox',
  summary: 'run the built-in look-alike of the provider until Ctrl-C',
  options: [
    {
      flags: '--port <port>',
      description: 'where it listens on 127.0.0.1; 0 is any free port',
      defaultText: '8977',
      parse: port,
    },
  ],
  examples: [
    { what: 'Run it until Ctrl-C', command: 'fitbit-login sandbox' },
    {
      what: 'Sign in to it from another terminal',
      command: 'fitbit-login login --sandbox http://127.0.0.1:8977 --profile sandbox',
    },
  ],
  run: async (given, { answer, talk, signal }) => {
    const options = v.parse(Options, given);
    await using sandbox = await startSandbox({ port: options.port });
    const apps = sandbox.clients.map(({ id, secret, type, name }) => ({
      client_id: id,
      client_secret: secret ?? null,
      type,
      name,
    }));
    const text = [
      `The sandbox listens at ${sandbox.origin} (open it to see what it can do).`,
      '',
      table(apps.map((app) => [`  ${app.type}`, app.client_id, app.client_secret ?? '(no secret)'])),
      '',
      'Sign in to it with:',
      `  fitbit-login login --sandbox ${sandbox.origin} --profile sandbox`,
    ].join('\n');
    answer(inJsonOr(options.json, { origin: sandbox.origin, clients: apps }, text));
    talk('Ctrl-C ends it.');
    if (!signal.aborted) await once(signal, 'abort');
    talk('The sandbox has ended.');
    return 0;
  },
};

function port(text: string): number {
  const value = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (value <= 65_535) return value;
  throw new AuthError('USAGE', `“${text}” is not a port.`);
}
