/**
 * What the command line takes of all that is below it. What programs take is `src/index.ts`.
 */

export { noDisplayReason } from '../browser/has-display.ts';
export { browserWords } from '../browser/open-browser.ts';
export { AuthError, asAuthError } from '../errors.ts';
export { decodeText } from '../formats/document.ts';
export { LOG_LEVELS, type LogLevel } from '../log.ts';
export type { Sandbox } from '../sandbox/sandbox.ts';
export { capitalized, scopeLabels, shortList } from '../server/pages/texts.ts';
export { type AccessToken, accessToken, environmentFor, refresh } from './access-token.ts';
export { type ApiAnswer, apiRequest } from './api.ts';
export { type CheckedStatus, checkStatus } from './check.ts';
export { type Check, type CheckState, type Diagnosis, doctor } from './doctor.ts';
export { EXPORT_FORMATS, type ExportFormat, exportProfile } from './export.ts';
export { IMPORT_FORMATS, importProfile } from './import.ts';
export { type LoginEvent, type LoginOptions, login } from './login.ts';
export { logout } from './logout.ts';
export { type MigrateOptions, type Migration, type MigrationPlan, migrate } from './migrate.ts';
export { notifyOwner } from './notify.ts';
export { beginLogin, finishLogin, RESPOND_WITHIN_SECONDS } from './pending-login.ts';
export { checkStore, initializeStore, type ListedProfile, profiles, renameProfile, writeMetrics } from './profiles.ts';
export { type RefreshOutcome, refreshAll } from './refresh-all.ts';
export { accountName } from './result-view.ts';
export type { RuntimeOptions } from './runtime.ts';
export { consent, startSandbox } from './sandbox.ts';
export { type KnownScope, knownScopes } from './scopes.ts';
export { type SetupOptions, setup } from './setup.ts';
export { findDownload, SETUP_PROVIDERS } from './setup-form.ts';
export { type SignIn, type Status, status } from './status.ts';
export { statusPage } from './status-page.ts';
export { age, endWarning, formatWithDistance } from './times.ts';
export { keepTokenFile, removeLeftTokenFiles } from './token-file.ts';
