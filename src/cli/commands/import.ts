import { IMPORT_FORMATS, importProfile } from '../../auth/index.ts';
import { command } from '../command.ts';
import { statusJson, statusText, withProfile } from '../report.ts';

export const importCommand = command({
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
  run: async ({ profile, clientId, clientSecretFile, entry, replace, sandbox }, context) => {
    const { operands, runtimeOptions, signal, print, say, warn, readFile, now } = context;
    const [file = '-'] = operands;
    const clientFile = clientSecretFile === undefined ? undefined : await readFile(clientSecretFile);
    const options = { profile, clientId, clientFile, entry, replace, sandbox, signal };
    const found = await importProfile(await readFile(file), options, runtimeOptions);
    say(`Format: ${found.format}`);
    for (const notice of found.notices) warn(notice);
    if (found.session.kind === 'none')
      say(`Stored the app; the file holds no tokens. Sign in: \`${withProfile('login', found.profile)}\``);
    if (found.provider === 'fitbit' && found.refreshable) {
      warn(
        `Turn off the other program's own refresh: Fitbit refresh tokens are single-use, so two programs would sign each other out.`,
      );
    }
    await print(statusText(found, context), { ...statusJson(found, now()), format: found.format });
  },
});
