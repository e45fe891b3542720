import { knownScopes } from '../../auth/index.ts';
import { command } from '../command.ts';
import { commandsIn, indent, table } from '../output.ts';

export const scopesCommand = command({
  name: 'scopes',
  summary: 'List scopes in plain words',
  options: [],
  common: ['json'],
  examples: [
    { what: 'List them', command: 'fitbit-login scopes' },
    { what: 'Request two of them', command: 'fitbit-login login --scope "sleep.readonly profile.readonly"' },
  ],
  run: async (_options, { print, colors, columns }) => {
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
    await print(commandsIn(text, colors.out, columns), known);
  },
});
