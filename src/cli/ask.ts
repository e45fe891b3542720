import { AuthError } from '../errors.ts';
import { type FormRegistration, isClientId, type SetupProvider, shortScope } from '../index.ts';
import type { Context } from './command.ts';
import { list } from './options.ts';

/**
 * Asks in the terminal for what the setup page asks for. The secret is not shown as it is typed.
 *
 * @throws AuthError `INTERRUPTED` on Ctrl-C, `CANCELLED` when the input ends
 */
export async function askForRegistration(
  providers: readonly SetupProvider[],
  { talk, terminal }: Pick<Context, 'talk' | 'terminal'>,
): Promise<FormRegistration> {
  const [usual] = providers;
  if (usual === undefined) throw new AuthError('UNEXPECTED', 'There is no provider to set up.');
  talk('No app is known yet. A program may read your data only through an app that you have registered.');
  for (const { provider } of providers) {
    talk(`\nAt ${provider.name}:`);
    for (const [index, line] of provider.registration.entries()) talk(`  ${index + 1}. ${line}`);
  }
  talk('');
  let clientId = '';
  while (!isClientId(clientId)) clientId = (await terminal.ask('Client id: ')).trim();
  const { provider } = providers.find(({ clientIdPattern }) => clientIdPattern.test(clientId)) ?? usual;
  const secret = (await terminal.ask('Client secret (not shown; Enter if it has none): ', { hidden: true })).trim();
  talk(`Scopes of ${provider.name}: ${provider.scopes.map(({ name }) => shortScope(name)).join(' ')}`);
  const wanted = (await terminal.ask('Which of them (Enter for the usual ones): ')).trim();
  return {
    clientId,
    scopes: wanted === '' ? provider.defaultScopes : list(wanted),
    ...(secret === '' ? {} : { clientSecret: secret }),
  };
}
