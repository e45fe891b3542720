import * as v from 'valibot';
import { defined } from '../../defined.ts';
import { IMPORT_FORMATS, importProfile } from '../../index.ts';
import type { Command } from '../command.ts';
import { fileText } from '../input.ts';
import { commonOptions } from '../options.ts';
import { inJsonOr, statusJson, statusText } from '../print.ts';

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
  summary: 'take over the tokens of another program’s file, recognised by its content',
  arguments: [
    {
      name: '<file>',
      description: `the file; “-” is standard input. Read are: ${IMPORT_FORMATS.join('; ')}`,
      offer: 'files',
    },
  ],
  options: [
    {
      flags: '--client-id <id>',
      description: 'the app, where the file does not name it',
      defaultText: '$FITBIT_CLIENT_ID',
    },
    {
      flags: '--client-secret-file <file>',
      description: 'its secret, where the file does not hold it',
      defaultText: '$FITBIT_CLIENT_SECRET',
      offer: 'files',
    },
    { flags: '--entry <name>', description: 'which sign-in, of a file that holds several' },
    { flags: '--replace', description: 'replace other tokens that the profile holds' },
    { flags: '--sandbox <origin>', description: 'the tokens are from the sandbox at this origin' },
  ],
  examples: [
    { what: 'A notebook’s file', command: 'fitbit-login import .env' },
    { what: 'A file that does not name its app', command: 'fitbit-login import tokens.json --client-id 23ABCD' },
  ],
  run: async (given, { operands, surroundings, signal, answer, talk, readInput, now }) => {
    const { json, clientSecretFile, ...options } = v.parse(Options, given);
    const [file = '-'] = operands;
    const clientFile = clientSecretFile === undefined ? undefined : await fileText(clientSecretFile, readInput);
    const found = await importProfile(
      await fileText(file, readInput),
      defined({ ...options, clientFile, signal }),
      surroundings,
    );
    const moment = now();
    talk(`Recognised as ${found.format}.`);
    for (const notice of found.notices) talk(notice);
    if (found.session.kind === 'none')
      talk('The app is stored; there are no tokens in the file. Sign in with it: `fitbit-login login`.');
    if (found.provider === 'fitbit' && found.refreshable) {
      talk(
        'A Fitbit refresh token works once: from now on, let the program that it came from no longer refresh by itself.',
      );
    }
    answer(inJsonOr(json, { ...statusJson(found, moment), format: found.format }, statusText(found, moment)));
    return 0;
  },
};
