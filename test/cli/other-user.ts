import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, chown, mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { copyProgram } from '../../scripts/torture/program.ts';

const UID = 4711;
/** Of util-linux. */
const NAMESPACE = 'unshare';
const AS_USER_ID = ['setpriv', `--reuid=${UID}`, `--regid=${UID}`, '--clear-groups'];
/** Puts lists of users with one more user in it in the place of the machine's, for what is run in this namespace alone. */
const WITH_USER = `
set -e
for file in passwd shadow sudoers; do [ ! -e "/etc/$file" ] || mount --bind "$1/$file" "/etc/$file"; done
shift
exec "$@"
`;

/** For `describe.skipIf(skipWithoutOtherUser)`: says loudly what is not tested. */
export const skipWithoutOtherUser =
  spawnSync(NAMESPACE, ['-m', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt']).status !== 0 ||
  spawnSync(AS_USER_ID[0] ?? '', [...AS_USER_ID.slice(1), process.execPath, '-e', '0']).status !== 0;
if (skipWithoutOtherUser) console.warn('SKIPPED: only root, who may mount, can make up a user of this machine.');

/** For `test.skipIf(skipWithoutSudo)`. */
export const skipWithoutSudo = skipWithoutOtherUser || !existsSync('/usr/bin/sudo');
if (skipWithoutSudo && !skipWithoutOtherUser) console.warn('SKIPPED: sudo is not installed: `apt-get install sudo`.');

/** A user of this machine who is made up for a test, with a home directory and the right to `sudo`. */
export interface OtherUser extends AsyncDisposable {
  readonly uid: number;
  /** World-readable, writable by root only. Contains the home. */
  readonly root: string;
  readonly home: string;
  /** The built program, where the user can run it. */
  readonly program: string;
  /** Words before a command, that run it as this user. */
  readonly command: readonly string[];
  /** The same through sudo, which leaves the environment, and so HOME, as it is. */
  readonly sudo: readonly string[];
  /** Words before a command that runs as a user whom this machine does not know. */
  readonly unknownUser: readonly string[];
  /** Makes directories of the user, 0700, at home. @returns the path */
  make(...path: readonly string[]): Promise<string>;
  /** Everything in the home, with its owner: `4711 .config/fitbit-login`. */
  belongings(): Promise<readonly string[]>;
}

export async function createOtherUser(): Promise<OtherUser> {
  // A space and non-ASCII letters must not break anything.
  const root = await mkdtemp(join(tmpdir(), 'Änn Häuser 家-'));
  await chmod(root, 0o755);
  const home = join(root, 'home of Änn');
  await mkdir(home, { mode: 0o700 });
  await chown(home, UID, UID);
  await writeFile(join(root, 'passwd'), `root:x:0:0:root:/root:/bin/sh\nother:x:${UID}:${UID}::${home}:/bin/sh\n`);
  await writeFile(join(root, 'shadow'), 'root:*:19000:0:99999:7:::\nother:*:19000:0:99999:7:::\n', { mode: 0o600 });
  await writeFile(join(root, 'sudoers'), 'Defaults !lecture\nother ALL=(ALL) NOPASSWD: SETENV: ALL\n', { mode: 0o440 });
  await mkdir(join(root, 'program'));
  await copyProgram(join(root, 'program'));
  const command = [NAMESPACE, '-m', 'sh', '-c', WITH_USER, 'sh', root, ...AS_USER_ID];
  return {
    uid: UID,
    root,
    home,
    program: join(root, 'program/bin.cjs'),
    command,
    sudo: [...command, 'sudo', '-E'],
    unknownUser: AS_USER_ID,
    make: async (...path) => {
      let made = home;
      for (const name of path) {
        made = join(made, name);
        await mkdir(made, { mode: 0o700 }).catch(() => {});
        await chown(made, UID, UID);
      }
      return made;
    },
    belongings: async () => {
      const names = await readdir(home, { recursive: true });
      return Promise.all(names.sort().map(async (name) => `${(await stat(join(home, name))).uid} ${name}`));
    },
    [Symbol.asyncDispose]: () => rm(root, { recursive: true, force: true }),
  };
}
