import { AuthError } from '../errors.ts';

const NAME = /^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,62}[A-Za-z0-9_-])?$/;

// Windows opens these as devices in every directory, whatever extension follows them.
const DEVICE = /^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)/i;

/** Whether `name` can name a profile: it becomes a file name, the same on every system. */
export function isProfileName(name: string): boolean {
  return NAME.test(name) && !DEVICE.test(name);
}

/**
 * Returns `name` where it can name a profile.
 * @throws AuthError `USAGE`, which says what a name may be.
 */
export function profileName(name: string): string {
  if (isProfileName(name)) return name;
  throw new AuthError('USAGE', `${JSON.stringify(name.slice(0, 80))} cannot name a profile.`, {
    hint:
      'Use 1 to 64 of the characters A-Z a-z 0-9 . _ - with a letter or digit first and no dot last; ' +
      'names of Windows devices (con, nul, com1, …) are not possible.',
  });
}
