import { basename, dirname, join } from 'node:path';

/** What stands beside `NAME.json` while it is being changed: `.NAME.lock` and `.NAME.new`. */
export function siblingOf(file: string, what: 'lock' | 'new'): string {
  return join(dirname(file), `.${basename(file, '.json')}.${what}`);
}
