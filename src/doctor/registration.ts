import { type Finding, ok, warning, wrong } from './check.ts';
import type { Trouble } from './trouble.ts';

/** Which app would sign in, and where its answer would be awaited. */
export interface RegistrationFacts {
  readonly profile: string;
  /** Absent where no app is known. */
  readonly clientId?: string | undefined;
  readonly providerName: string;
  /** As they must be registered, in the order in which they are tried. */
  readonly redirectUris: readonly string[];
  /** Why no sign-in could begin with what is configured. */
  readonly trouble?: Trouble | undefined;
}

export function judgeRegistration({
  profile,
  clientId,
  providerName,
  redirectUris,
  trouble,
}: RegistrationFacts): Finding {
  if (trouble !== undefined) return wrong(trouble.message, 'No sign-in can begin with this.', trouble.hint);
  const registrable = redirectUris.filter((uri) => !takesAnyPort(uri));
  const means =
    registrable.length === 0
      ? `${providerName} lets an app of this kind answer at any port, so that no redirect URI has to be registered.`
      : `${providerName} answers at a registered redirect URI only, and compares every character: ${registrable.join(' ')}`;
  if (clientId === undefined) {
    return warning(
      `No app is known for the profile “${profile}”.`,
      means,
      'Run `fitbit-login setup`, which tells how to register one; or set FITBIT_CLIENT_ID.',
    );
  }
  return ok(`The app ${clientId} at ${providerName}.`, means);
}

/** Whether a redirect URI leaves the port to the system. */
export function takesAnyPort(uri: string): boolean {
  return URL.canParse(uri) && new URL(uri).port === '0';
}
