import { homedir, userInfo } from 'node:os';
import { isAbsolute } from 'node:path';
// biome-ignore lint/style/noRestrictedImports: HOME, for env-paths
import process from 'node:process';
import { noHomeDirectory } from '../messages.ts';

try {
  homedir();
} catch {
  // env-paths asks for the home directory when it is imported, and throws if there is none. Empty, HOME gives relative paths instead.
  process.env.HOME = '';
}

/** The user's home directory: `HOME` if it is absolute, else from the system's user list. @throws AuthError `STORE_UNAVAILABLE` */
export function homeDirectory(): string {
  try {
    const found = [homedir(), userInfo().homedir].find(isAbsolute);
    if (found !== undefined) return found;
  } catch {
    // The user is not in the list: a container that was given a user ID.
  }
  throw noHomeDirectory();
}
