import * as v from 'valibot';
import { knownScopes } from '../../auth/index.ts';
import type { Command } from '../command.ts';
import { indent, inJsonOr, table } from '../output.ts';
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
  run: async (given, { print, colors }) => {
    const { json } = v.parse(Options, given);
    const known = knownScopes();
    const name = (scope: { readonly name: string; readonly usual: boolean }) =>
      `${scope.usual ? '*' : ' '} ${scope.name}`;
    const text = [
      colors.out.bold('Google Health'),
      indent(table(known['google-health'].map((scope) => [name(scope), scope.words]))),
      '',
      colors.out.bold('Fitbit, with the Google Health successor'),
      indent(table(known.fitbit.map((scope) => [name(scope), scope.words, scope.successor ?? '(no successor)']))),
      '',
      '* requested by default',
    ].join('\n');
    await print(inJsonOr(json, known, text));
    return 0;
  },
};
