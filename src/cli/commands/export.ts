import * as v from 'valibot';
import { EXPORT_FORMATS, type ExportFormat, exportProfile } from '../../auth/index.ts';
import type { Command } from '../command.ts';
import { mark, terminalText, toJson } from '../output.ts';
import { commonOptions } from './options.ts';

const Options = v.object({
  ...commonOptions,
  // Which there are is checked there.
  format: v.optional(
    v.custom<ExportFormat>((value) => typeof value === 'string'),
    'notebook',
  ),
  output: v.optional(v.string()),
  keep: v.optional(v.boolean(), false),
});

const FORMATS = EXPORT_FORMATS.map(({ id }) => id);

export const exportCommand: Command = {
  name: 'export',
  summary: 'Write tokens for another program',
  options: [
    {
      flags: '--format <name>',
      description: `format: ${FORMATS.join(', ')}`,
      defaultText: 'notebook',
      offer: FORMATS,
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
  run: async (given, { surroundings, signal, print, say, colors, isTerminal }) => {
    const { json, ...options } = v.parse(Options, given);
    const { format, output, keep } = options;
    const { text, warning, shellLine } = await exportProfile({ ...options, signal }, surroundings);
    if (warning !== undefined) say(`${mark('warning', colors.err)} ${warning}`);
    if (output === undefined) await print(new TextEncoder().encode(isTerminal ? terminalText(text) : text));
    else if (json) await print(toJson({ format, output, keep }));
    else say(`${mark('good', colors.err)} Wrote ${output}${keep ? ', which is kept up to date' : ''}.`);
    if (shellLine !== undefined) say(`For Google's libraries:\n${shellLine}`);
    return 0;
  },
};
