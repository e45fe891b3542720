import { AuthError } from '../errors.ts';

/** There is no sign-in under this name. */
export function nobodySignedIn(name: string): AuthError {
  const option = name === 'default' ? '' : ` --profile ${name}`;
  return new AuthError('NOT_SIGNED_IN', `Nobody is signed in under the profile “${name}”.`, {
    hint: `Run \`fitbit-login login${option}\`.`,
  });
}
