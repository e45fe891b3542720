import { once } from 'node:events';
import * as v from 'valibot';
import { startSandbox } from '../../auth/index.ts';
import { outOfRange } from '../../messages.ts';
import type { Command } from '../command.ts';
import { commandsIn, indent, inJsonOr, table } from '../output.ts';
import { commonOptions } from './options.ts';

const Options = v.object({ ...commonOptions, port: v.optional(v.number(), 8977) });

export const sandboxCommand: Command = {
  name: 'sandbox',
  summary: 'Run simulated providers',
  options: [{ flags: '--port <port>', description: 'port on 127.0.0.1 (0 = any)', defaultText: '8977', parse: port }],
  common: ['json'],
  examples: [
    { what: 'Run it until Ctrl-C', command: 'fitbit-login sandbox' },
    {
      what: 'Sign in to it from another terminal',
      command: 'fitbit-login login --sandbox http://127.0.0.1:8977 --profile sandbox',
    },
  ],
  run: async (given, { print, say, signal, colors }) => {
    const options = v.parse(Options, given);
    await using sandbox = await startSandbox({ port: options.port });
    const { origin } = sandbox;
    const clients = sandbox.clients.map(({ id, secret, type, name }) => ({
      client_id: id,
      client_secret: secret ?? null,
      type,
      name,
    }));
    const rows = clients.map((client) => [client.type, client.client_id, client.client_secret ?? '(no secret)']);
    const text = [
      `Sandbox running at ${origin} (open it to see what it can do)`,
      '',
      indent(table(rows)),
      '',
      `Sign in to it: \`fitbit-login login --sandbox ${origin} --profile sandbox\``,
    ].join('\n');
    await print(inJsonOr(options.json, { origin, clients }, commandsIn(text, colors.out)));
    say('Press Ctrl-C to stop.');
    if (!signal.aborted) await once(signal, 'abort');
    say('Sandbox stopped.');
    return 0;
  },
};

function port(text: string): number {
  const value = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (value <= 65_535) return value;
  throw outOfRange('port', 0, 65_535);
}
