import { EXPORT_FORMATS, type ExportFormat, exportProfile } from '../../auth/index.ts';
import { command } from '../command.ts';
import { mark, terminalText } from '../output.ts';

const FORMATS = EXPORT_FORMATS.map(({ id }) => id);

export const exportCommand = command({
  name: 'export',
  summary: 'Write tokens for another program',
  options: [
    {
      flags: '--format <name>',
      description: `format: ${FORMATS.join(', ')}`,
      defaultText: 'notebook',
      offer: FORMATS,
      // Which there are is checked there.
      parse: (text) => text as ExportFormat,
    },
    {
      flags: '--output <file>',
      description: 'write this file (0600, atomically), preserving its other keys and lines',
      defaultText: 'stdout',
      offer: 'files',
    },
    { flags: '--keep', description: 'keep the file up to date' },
  ],
  examples: [
    {
      what: "Keep a notebook's .env up to date",
      command: 'fitbit-login export --format notebook --output .env --keep',
    },
    { what: "For Google's libraries", command: 'fitbit-login export --format authorized-user --output google.json' },
    { what: 'For a program that reads a .env file', command: 'fitbit-login export --format dotenv' },
  ],
  run: async ({ profile, json, format = 'notebook', output, keep = false }, context) => {
    const { runtimeOptions, signal, print, write, say, warn, colors, isTerminal } = context;
    const { text, warning, shellLine } = await exportProfile({ profile, format, output, keep, signal }, runtimeOptions);
    if (warning !== undefined) warn(warning);
    if (output === undefined) await write(isTerminal ? terminalText(text) : text);
    else if (json) await print('', { format, output, keep });
    else say(`${mark('good', colors.err)} Wrote ${output}${keep ? ', which is kept up to date' : ''}.`);
    if (shellLine !== undefined) say(`For Google's libraries:\n${shellLine}`);
  },
});
