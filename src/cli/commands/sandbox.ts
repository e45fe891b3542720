import { once } from 'node:events';
import { startSandbox } from '../../auth/index.ts';
import { command } from '../command.ts';
import { wholeNumber } from '../options.ts';
import { commandsIn, indent, table } from '../output.ts';

export const sandboxCommand = command({
  name: 'sandbox',
  summary: 'Run simulated providers',
  options: [
    {
      flags: '--port <port>',
      description: 'port on 127.0.0.1 (0 = any)',
      defaultText: '8977',
      parse: wholeNumber('port', 0, 65_535),
    },
  ],
  common: ['json'],
  examples: [
    { what: 'Run it until Ctrl-C', command: 'fitbit-login sandbox' },
    {
      what: 'Sign in to it from another terminal',
      command: 'fitbit-login login --sandbox http://127.0.0.1:8977 --profile sandbox',
    },
  ],
  run: async ({ port = 8977 }, { print, say, signal, colors }) => {
    await using sandbox = await startSandbox({ port });
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
    await print(commandsIn(text, colors.out), { origin, clients });
    say('Press Ctrl-C to stop.');
    if (!signal.aborted) await once(signal, 'abort');
    say('Sandbox stopped.');
  },
});
