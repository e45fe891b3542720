import type { ExitCode } from '../errors.ts';
import type { Command } from './command.ts';
import { apiCommand } from './commands/api.ts';
import { completionCommand } from './commands/completion.ts';
import { doctorCommand } from './commands/doctor.ts';
import { execCommand } from './commands/exec.ts';
import { exportCommand } from './commands/export.ts';
import { importCommand } from './commands/import.ts';
import { loginCommand } from './commands/login.ts';
import { logoutCommand } from './commands/logout.ts';
import { migrateCommand } from './commands/migrate.ts';
import { profilesCommand } from './commands/profiles.ts';
import { refreshCommand } from './commands/refresh.ts';
import { sandboxCommand } from './commands/sandbox.ts';
import { scopesCommand } from './commands/scopes.ts';
import { setupCommand } from './commands/setup.ts';
import { statusCommand } from './commands/status.ts';
import { tokenCommand } from './commands/token.ts';
import { COMMON_OPTIONS } from './options.ts';

/**
 * What the command line is, as data: the parser, the help, the completion, the man page and the documents are made from it.
 * Nothing happens when this is imported.
 */
export { COMMON_OPTIONS };

/** The program itself. */
export const PROGRAM = {
  name: 'fitbit-login',
  summary: 'Signs you in to your Fitbit data in the browser; from then on your scripts get a token that works.',
} as const;

/** Every command, in the order of the help. */
export const COMMANDS: readonly Command[] = [
  loginCommand,
  setupCommand,
  statusCommand,
  tokenCommand,
  refreshCommand,
  execCommand,
  apiCommand,
  logoutCommand,
  importCommand,
  exportCommand,
  profilesCommand,
  migrateCommand,
  scopesCommand,
  doctorCommand,
  sandboxCommand,
  completionCommand,
];

/** What the program ends with: the same codes for every command. */
export const EXIT_CODES: readonly { readonly code: ExitCode | 0; readonly meaning: string }[] = [
  { code: 0, meaning: 'done' },
  { code: 1, meaning: 'unexpected: a defect' },
  { code: 2, meaning: 'wrong usage or configuration' },
  { code: 3, meaning: 'a sign-in is needed' },
  { code: 4, meaning: 'the sign-in did not finish: denied, timed out, cancelled' },
  { code: 5, meaning: 'the provider or the network is unavailable: try later' },
  { code: 6, meaning: 'a local problem: port, file, disk, lock' },
  { code: 130, meaning: 'interrupted' },
];

/** The variables that are read. */
export const ENVIRONMENT: readonly { readonly name: string; readonly meaning: string }[] = [
  { name: 'FITBIT_CLIENT_ID', meaning: 'the id of the registered app' },
  { name: 'FITBIT_CLIENT_SECRET', meaning: 'its secret' },
  { name: 'FITBIT_LOGIN_PROFILE', meaning: 'the profile, instead of “default”' },
  { name: 'FITBIT_LOGIN_HOME', meaning: 'replaces the config directory; the log and the cache go in it' },
  {
    name: 'BROWSER',
    meaning: 'a command that is given the address to open, or several, separated by “:”, that are tried in turn',
  },
  { name: 'HTTPS_PROXY', meaning: 'the proxy to go through; HTTP_PROXY and ALL_PROXY as well' },
  { name: 'NO_PROXY', meaning: 'what to reach without it; this machine itself always is' },
  { name: 'NODE_EXTRA_CA_CERTS', meaning: 'the CA of a proxy that reads along' },
];

/** Where things are, where `FITBIT_LOGIN_HOME` does not say otherwise. */
export const FILES: readonly { readonly path: string; readonly meaning: string }[] = [
  {
    path: '~/.config/fitbit-login/profiles/NAME.json',
    meaning: 'one profile each, readable by you alone (macOS: in ~/Library/Preferences/fitbit-login)',
  },
  {
    path: '~/.local/state/fitbit-login/fitbit-login.log',
    meaning: 'the log, without any secret (macOS: in ~/Library/Logs/fitbit-login)',
  },
];
