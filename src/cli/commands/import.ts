import * as v from 'valibot';
import { IMPORT_FORMATS, importProfile } from '../../auth/index.ts';
import type { Command } from '../command.ts';
import { fileText } from '../input.ts';
import { inJsonOr, mark } from '../output.ts';
import { statusJson, statusText, withProfile } from '../report.ts';
import { commonOptions } from './options.ts';

const Options = v.object({
  ...commonOptions,
  clientId: v.optional(v.string()),
  clientSecretFile: v.optional(v.string()),
  entry: v.optional(v.string()),
  replace: v.optional(v.boolean(), false),
  sandbox: v.optional(v.string()),
});

export const importCommand: Command = {
  name: 'import',
  summary: "Read tokens from another program's file",
  arguments: [
    { name: '<file>', description: `the file; - for stdin. Detected: ${IMPORT_FORMATS.join('; ')}`, offer: 'files' },
  ],
  options: [
    { flags: '--client-id <id>', description: 'client ID, if not in the file', defaultText: '$FITBIT_CLIENT_ID' },
    {
      flags: '--client-secret-file <file>',
      description: 'file with the client secret, if not in the file',
      defaultText: '$FITBIT_CLIENT_SECRET',
      offer: 'files',
    },
    { flags: '--entry <name>', description: 'which sign-in, if the file holds several' },
    { flags: '--replace', description: 'overwrite tokens already in the profile' },
    { flags: '--sandbox <origin>', description: 'the tokens are from the sandbox at this origin' },
  ],
  examples: [
    { what: "A notebook's file", command: 'fitbit-login import .env' },
    { what: 'A file without a client ID', command: 'fitbit-login import tokens.json --client-id 23ABCD' },
  ],
  run: async (given, context) => {
    const { json, clientSecretFile, ...options } = v.parse(Options, given);
    const { operands, surroundings, signal, print, say, colors, readInput, now } = context;
    const [file = '-'] = operands;
    const clientFile =
      clientSecretFile === undefined ? undefined : await fileText(clientSecretFile, { readInput, signal });
    const text = await fileText(file, { readInput, signal });
    const found = await importProfile(text, { ...options, clientFile, signal }, surroundings);
    say(`Format: ${found.format}`);
    for (const notice of found.notices) say(`${mark('warning', colors.err)} ${notice}`);
    if (found.session.kind === 'none')
      say(`Stored the app; the file holds no tokens. Sign in: \`${withProfile('login', found.profile)}\``);
    if (found.provider === 'fitbit' && found.refreshable) {
      say(
        `${mark('warning', colors.err)} Turn off the other program's own refresh: Fitbit refresh tokens are single-use, so two programs would sign each other out.`,
      );
    }
    await print(inJsonOr(json, { ...statusJson(found, now()), format: found.format }, statusText(found, context)));
    return 0;
  },
};
