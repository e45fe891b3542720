import * as v from 'valibot';
import { defined } from '../../defined.ts';
import { EXPORT_FORMATS, exportProfile } from '../../index.ts';
import type { Command } from '../command.ts';
import { commonOptions } from '../options.ts';

const Options = v.object({
  ...commonOptions,
  format: v.optional(v.string(), 'notebook'),
  output: v.optional(v.string()),
  keep: v.optional(v.boolean(), false),
});

export const exportCommand: Command = {
  name: 'export',
  summary: 'give the current tokens in another program’s format',
  options: [
    {
      flags: '--format <name>',
      description: `the format: ${EXPORT_FORMATS.map(({ id }) => id).join(', ')}`,
      defaultText: 'notebook',
      offer: EXPORT_FORMATS.map(({ id }) => id),
    },
    {
      flags: '--output <file>',
      description: 'write this file, 0600 and atomically; other keys and lines in it are kept',
      defaultText: 'standard output',
      offer: 'files',
    },
    { flags: '--keep', description: 'write the file again at every later change' },
  ],
  examples: [
    { what: 'Keep a notebook’s .env current', command: 'fitbit-login export --format notebook --output .env --keep' },
    {
      what: 'For Google’s own libraries',
      command: 'fitbit-login export --format authorized-user --output google.json',
    },
    { what: 'For a program that reads a dotenv file', command: 'fitbit-login export --format dotenv' },
  ],
  run: async (given, { surroundings, signal, answer, answerBytes, talk }) => {
    const { json, ...options } = v.parse(Options, given);
    const { text, warning, shellLine } = await exportProfile(defined({ ...options, signal }), surroundings);
    if (warning !== undefined) talk(warning);
    if (options.output === undefined) answerBytes(new TextEncoder().encode(text));
    else if (json)
      answer(JSON.stringify({ format: options.format, output: options.output, keep: options.keep }, null, 2));
    else talk(`Wrote ${options.output}${options.keep ? '; it is written again at every later change' : ''}.`);
    if (shellLine !== undefined) talk(`For Google’s own libraries:\n${shellLine}`);
    return 0;
  },
};
