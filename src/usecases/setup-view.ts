import { defined } from '../defined.ts';
import type { AuthError } from '../errors.ts';
import { shortScope } from '../providers/google-health.ts';
import { DEFAULT_REDIRECT_URI, type Provider } from '../providers/provider.ts';
import type { ProviderChoice, SetupError, SetupForm, SetupView } from '../server/pages/site-view.ts';
import type { Profile } from '../store/profile.ts';

/** A provider that can be set up, and what its client ids look like. */
export interface SetupProvider {
  readonly provider: Provider;
  readonly clientIdPattern: RegExp;
}

/** What a setup page begins from: what is stored, and what was typed. */
export interface SetupState {
  readonly providers: readonly SetupProvider[];
  readonly stored: Profile | undefined;
  /** Those that this sign-in was told to use. Default: as stored, else the provider's. */
  readonly redirectUris?: readonly string[];
  /** As it was submitted last; absent before that. */
  readonly form?: SetupForm;
  readonly errors: readonly SetupError[];
  readonly notices: readonly string[];
}

/** What the setup page shows: what was typed, else what is stored, else the provider's defaults. Holds no secret. */
export function setupView({ providers, stored, form, errors, notices, ...given }: SetupState): SetupView {
  const clientId = form?.clientId ?? stored?.client.id ?? '';
  const recognised = providers.find(({ clientIdPattern }) => clientIdPattern.test(clientId))?.provider.id;
  // Port 0 stands for any free one: there is nothing to register then.
  const registrable = (stored?.redirectUris ?? []).filter((uri) => new URL(uri).port !== '0');
  return {
    redirectUris: given.redirectUris ?? (registrable.length > 0 ? registrable : [DEFAULT_REDIRECT_URI]),
    redirectUri: form?.redirectUri ?? '',
    clientId,
    hasSecret: stored?.client.secret !== undefined && stored.client.id === clientId,
    ...defined({ provider: recognised }),
    providers: providers.map((choice) => choiceOf(choice, stored, form)),
    errors,
    notices,
  };
}

function choiceOf(
  { provider, clientIdPattern }: SetupProvider,
  stored: Profile | undefined,
  form: SetupForm | undefined,
): ProviderChoice {
  const { id, name, scopes, defaultScopes, registration } = provider;
  const ticked = form?.scopes.get(id) ?? (stored?.provider === id ? stored.requestedScopes : defaultScopes);
  return {
    id,
    name,
    clientIdPattern: clientIdPattern.source,
    scopes: scopes.map(({ name: scope, words }) => ({
      name: shortScope(scope),
      words,
      ticked: ticked.includes(scope) || ticked.includes(shortScope(scope)),
    })),
    registration,
  };
}

const FIELDS: Readonly<Partial<Record<AuthError['code'], SetupError['field']>>> = {
  CLIENT_REJECTED: 'clientSecret',
  SCOPE_REJECTED: 'scopes',
  REQUEST_REJECTED: 'redirectUri',
  PORT_BUSY: 'redirectUri',
};

/** What a sign-in that failed says on the setup page, beside the field that mends it. */
export function setupError({ code, message, hint }: AuthError): SetupError {
  return { field: FIELDS[code] ?? 'form', text: `${message} ${hint}` };
}
