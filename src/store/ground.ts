import { dirname } from 'node:path';
import { AuthError } from '../errors.ts';
import { lstat, readlink, realpath, stat } from './at-once.ts';
import { diskError, unless } from './disk-error.ts';

/** Who runs this process. */
export interface Runner {
  /** The effective user's number. Absent on Windows, where there is none. */
  readonly uid: number | undefined;
  /** Who called `sudo`, from `SUDO_UID` and `SUDO_USER`. */
  readonly caller?: { readonly uid: number; readonly name: string };
}

export const ROOT = 0;
/** Whom the kernel names where it cannot name the owner: in a user namespace, everybody who has no number there. */
const UNKNOWN_USER = 65_534;

/**
 * The nearest thing that is there on the way to `path`, itself included, with every link followed.
 * @throws AuthError `STORE_UNAVAILABLE` where there is a link on the way that leads nowhere.
 */
export async function nearest(path: string): Promise<string> {
  try {
    for (let at = path; ; at = dirname(at)) {
      const found = await unless(['ENOENT'], realpath(at));
      if (found !== undefined) return found;
      if ((await unless(['ENOENT'], lstat(at)))?.isSymbolicLink()) throw leadsNowhere(at, await readlink(at));
    }
  } catch (error) {
    throw diskError('look at', path, error);
  }
}

/**
 * That root leaves nothing of its own in another user's directory, however deep in it: the user could not read, change or delete it,
 * and could put something else in the place of any directory on the way. Everybody else is kept out by the file system.
 * @throws AuthError `STORE_UNAVAILABLE` as said, and as {@link nearest}.
 */
export async function assertOwnGround(path: string, { uid, caller }: Runner): Promise<void> {
  if (uid !== ROOT) return;
  for (let at = await nearest(path); ; at = dirname(at)) {
    const owner = (await unless(['ENOENT'], stat(at)))?.uid ?? ROOT;
    if (owner !== ROOT && owner !== UNKNOWN_USER) throw intruding(path, at, owner, caller);
    if (at === dirname(at)) return;
  }
}

/** Whether {@link assertOwnGround} holds. */
export async function isOwnGround(path: string, runner: Runner): Promise<boolean> {
  return assertOwnGround(path, runner).then(
    () => true,
    () => false,
  );
}

function leadsNowhere(path: string, target: string): AuthError {
  return new AuthError('STORE_UNAVAILABLE', `${path} is a link to ${target}, which is not there.`, {
    preserved: 'Nothing was sent and nothing was changed.',
    hint: 'Make what it leads to, or mount what holds it, or remove the link; then run the command again.',
    details: { path },
  });
}

function intruding(path: string, directory: string, owner: number, caller: Runner['caller']): AuthError {
  const name = caller?.uid === owner ? caller.name : undefined;
  return new AuthError(
    'STORE_UNAVAILABLE',
    `${directory} belongs to another user (${name ?? owner}), and this process runs as root: what it wrote to ${path} would be root’s.`,
    {
      preserved: 'Nothing was sent and nothing was written.',
      hint: `Run the command as that user: \`sudo -u ${name ?? `'#${owner}'`} fitbit-login …\`. Or give root a place of its own: \`FITBIT_LOGIN_HOME=/var/lib/fitbit-login\`.`,
      details: { path: directory },
    },
  );
}
