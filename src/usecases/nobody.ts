import { AuthError } from '../errors.ts';
import { forProfile } from './profile-option.ts';

/** There is no sign-in under this name. */
export function nobodySignedIn(name: string): AuthError {
  return new AuthError('NOT_SIGNED_IN', `Nobody is signed in under the profile “${name}”.`, {
    hint: forProfile('Run `fitbit-login login`.', name),
  });
}
