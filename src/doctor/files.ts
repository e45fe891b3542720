import { type Finding, ok, warning, wrong } from './check.ts';
import type { Trouble } from './trouble.ts';

/** Something on disk: of what is not there yet, how things stand where it would be made. */
export interface PlaceFacts {
  readonly path: string;
  readonly exists: boolean;
  /** Why nothing could be written there. */
  readonly trouble?: Trouble | undefined;
  /** Its mode where others can open it: `0644`. */
  readonly openMode?: string | undefined;
}

export interface DirectoryFacts extends PlaceFacts {
  /** Disk space for this user, in bytes. Absent where the system does not tell. */
  readonly freeBytes?: number | undefined;
}

/** What a sign-in takes on disk before it begins, with some room: see `reserve`. */
const NEEDED_BYTES = 512 * 1024;

const ANOTHER_PLACE = 'Make room or mend the permissions, or name another directory in FITBIT_LOGIN_HOME.';

export function judgeDirectory({ path, exists, trouble, openMode, freeBytes }: DirectoryFacts): Finding {
  if (trouble !== undefined) return wrong(trouble.message, 'Nothing can be stored.', trouble.hint);
  if (freeBytes !== undefined && freeBytes < NEEDED_BYTES) {
    const left = `${Math.floor(freeBytes / 1024)} KiB`;
    return wrong(
      `The disk of ${path} has ${left} left.`,
      'A sign-in or a refresh takes its place on disk first, and would refuse.',
      ANOTHER_PLACE,
    );
  }
  if (openMode !== undefined) return open(path, openMode, '700');
  return exists
    ? ok(`${path} is this user’s own, and open to nobody else.`, 'Profiles are stored in it.')
    : ok(`${path} is not there yet, and can be made.`, 'The first sign-in makes it, for this user alone.');
}

export interface ProfileFacts extends PlaceFacts {
  readonly name: string;
  /** How the sign-in stands. Absent where there is no profile. */
  readonly standing?: keyof typeof STANDINGS | undefined;
}

const STANDINGS = {
  none: 'Nobody is signed in yet.',
  valid: 'Signed in.',
  refreshable: 'Signed in; the next use refreshes the token.',
  expired: 'The sign-in has ended.',
  dead: 'The sign-in has ended.',
} as const;

export function judgeProfile({ name, path, exists, trouble, openMode, standing }: ProfileFacts): Finding {
  if (trouble !== undefined) {
    return wrong(trouble.message, `The profile “${name}” cannot be used. The file is left as it is.`, trouble.hint);
  }
  if (openMode !== undefined) return open(path, openMode, '600');
  return exists
    ? ok(`${path} is whole, and open to nobody else.`, STANDINGS[standing ?? 'none'])
    : ok(`${path} is not there yet.`, `Nobody is signed in under “${name}”.`);
}

export function judgeLog({ path, exists, trouble, openMode }: PlaceFacts): Finding {
  const means = 'Commands work without it; the status page’s history is read from it.';
  if (trouble !== undefined) return warning(trouble.message, means, trouble.hint);
  if (openMode !== undefined) return open(path, openMode, '600');
  return ok(exists ? `${path} is open to nobody else.` : `${path} is not there yet, and can be made.`, means);
}

function open(path: string, mode: string, closed: string): Finding {
  return warning(
    `${path} is open to others (mode ${mode}).`,
    'Other users of this machine may have read what is in it.',
    `\`chmod ${closed} '${path}'\`; the next change does it as well. If others use this machine, sign in anew.`,
  );
}
