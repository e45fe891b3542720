import * as v from 'valibot';
import { knownScopes } from '../../auth/index.ts';
import type { Command } from '../command.ts';
import { commandsIn, indent, inJsonOr, table } from '../output.ts';
import { commonOptions } from './options.ts';

const Options = v.object(commonOptions);

export const scopesCommand: Command = {
  name: 'scopes',
  summary: 'List scopes in plain words',
  options: [],
  common: ['json'],
  examples: [
    { what: 'List them', command: 'fitbit-login scopes' },
    { what: 'Request two of them', command: 'fitbit-login login --scope "sleep.readonly profile.readonly"' },
  ],
  run: async (given, { print, colors, columns }) => {
    const { json } = v.parse(Options, given);
    const known = knownScopes();
    const name = (scope: { readonly name: string; readonly usual: boolean }) =>
      `${scope.usual ? '*' : ' '} ${scope.name}`;
    const listed = (rows: readonly (readonly string[])[]) => indent(table(rows, columns - 2));
    const text = [
      colors.out.bold('Google Health'),
      listed(known['google-health'].map((scope) => [name(scope), scope.words])),
      '',
      colors.out.bold('Fitbit → Google Health'),
      listed(known.fitbit.map((scope) => [name(scope), `${scope.words} → ${scope.successor ?? '(none)'}`])),
      '',
      '* requested by default',
    ].join('\n');
    await print(inJsonOr(json, known, commandsIn(text, colors.out, columns)));
    return 0;
  },
};
