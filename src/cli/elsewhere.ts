import { existsSync } from 'node:fs';
import { hasScreen } from '../index.ts';

/** Why a browser that is started here would be seen by nobody. */
export type Elsewhere = 'ssh' | 'container' | 'no-display';

/** Files that container runtimes leave in every container. */
const CONTAINER_MARKS = ['/.dockerenv', '/run/.containerenv'];

/** Where the person's browser is, as far as can be told: `undefined` is here, or where `BROWSER` leads. */
export function browserElsewhere(
  environment: Readonly<Record<string, string | undefined>>,
  platform: NodeJS.Platform,
): Elsewhere | undefined {
  if (environment.BROWSER || hasScreen(environment, platform)) return undefined;
  if (environment.SSH_CONNECTION || environment.SSH_TTY) return 'ssh';
  return CONTAINER_MARKS.some((mark) => existsSync(mark)) ? 'container' : 'no-display';
}
