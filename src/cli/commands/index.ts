import type { ExitCode } from '../../errors.ts';
import type { Command } from '../command.ts';
import { apiCommand } from './api.ts';
import { completionCommand } from './completion.ts';
import { doctorCommand } from './doctor.ts';
import { execCommand } from './exec.ts';
import { exportCommand } from './export.ts';
import { importCommand } from './import.ts';
import { loginCommand } from './login.ts';
import { logoutCommand } from './logout.ts';
import { migrateCommand } from './migrate.ts';
import { profilesCommand } from './profiles.ts';
import { refreshCommand } from './refresh.ts';
import { sandboxCommand } from './sandbox.ts';
import { scopesCommand } from './scopes.ts';
import { setupCommand } from './setup.ts';
import { statusCommand } from './status.ts';
import { storeCommand } from './store.ts';
import { tokenCommand } from './token.ts';

// What the command line is, as data: parser, help, completion and documents are made from it.

export const DESCRIPTION =
  'Sign in to your Fitbit or Google Health data once, in the browser.\nYour scripts always get a working token.';
export const DOCS = 'https://www.npmjs.com/package/fitbit-login';

/** Every command, as people look for them. The first one runs when none is named. */
export const GROUPS: readonly { readonly title: string; readonly commands: readonly Command[] }[] = [
  { title: 'Sign in', commands: [loginCommand, setupCommand, migrateCommand, logoutCommand] },
  { title: 'Use', commands: [tokenCommand, execCommand, apiCommand, exportCommand, importCommand] },
  { title: 'Manage', commands: [statusCommand, refreshCommand, profilesCommand, scopesCommand] },
  { title: 'Tools', commands: [doctorCommand, storeCommand, sandboxCommand, completionCommand(() => COMMANDS)] },
];

export const COMMANDS: readonly Command[] = GROUPS.flatMap(({ commands }) => commands);

/** What the program ends with: the same codes for every command. */
export const EXIT_CODES: readonly { readonly code: ExitCode | 0; readonly meaning: string }[] = [
  { code: 0, meaning: 'done' },
  { code: 1, meaning: 'internal error' },
  { code: 2, meaning: 'wrong usage or configuration' },
  { code: 3, meaning: 'a sign-in is needed' },
  { code: 4, meaning: 'sign-in not completed: denied, timed out, cancelled' },
  { code: 5, meaning: 'provider or network unavailable; retry later' },
  { code: 6, meaning: 'local problem: port, file, disk, lock, output' },
  { code: 130, meaning: 'interrupted' },
];

/** The variables that are read. */
export const ENVIRONMENT: readonly { readonly name: string; readonly meaning: string }[] = [
  { name: 'FITBIT_CLIENT_ID', meaning: 'client ID of your app' },
  { name: 'FITBIT_CLIENT_SECRET', meaning: 'its secret' },
  { name: 'FITBIT_LOGIN_PROFILE', meaning: 'default profile' },
  { name: 'FITBIT_LOGIN_HOME', meaning: 'data directory; also holds log and cache' },
  { name: 'FITBIT_LOGIN_STORE', meaning: 'database for profiles: postgresql://…' },
  { name: 'FITBIT_LOGIN_STORE_KEY_FILE', meaning: 'file with the keys that encrypt them there' },
  { name: 'FITBIT_LOGIN_NOTIFY', meaning: 'command to run when a sign-in needs you' },
  { name: 'BROWSER', meaning: 'command that receives the URL (several: one:other)' },
  { name: 'NO_COLOR', meaning: 'no colours (FORCE_COLOR: always colours)' },
  { name: 'HTTPS_PROXY', meaning: 'proxy; HTTP_PROXY and ALL_PROXY as well' },
  { name: 'NO_PROXY', meaning: 'hosts to contact directly; this machine always is' },
  { name: 'NODE_EXTRA_CA_CERTS', meaning: 'CA certificate of a TLS-inspecting proxy' },
];
