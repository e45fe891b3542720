/**
 * The library: everything that the command line does, for programs.
 *
 * @example
 * import { login } from 'fitbit-login';
 * const { userId, scopes } = await login({ clientId: '23ABCD', scopes: ['activity', 'sleep'] });
 */
export { type AccessOptions, type AccessToken, accessToken, environmentFor, refresh } from './auth/access-token.ts';
export { type ApiAnswer, type ApiOptions, apiRequest, type RateLimit } from './auth/api.ts';
export { type CheckedStatus, checkStatus } from './auth/check.ts';
export {
  type Check,
  type CheckId,
  type CheckState,
  type Diagnosis,
  type DoctorOptions,
  doctor,
} from './auth/doctor.ts';
export { EXPORT_FORMATS, type Exported, type ExportOptions, exportProfile } from './auth/export.ts';
export { IMPORT_FORMATS, type ImportedStatus, type ImportOptions, importProfile } from './auth/import.ts';
export { type LoginEvent, type LoginOptions, login } from './auth/login.ts';
export { type LogoutOptions, logout, type SignedOut } from './auth/logout.ts';
export { endWarning, formatDateTime, type Grant } from './auth/messages.ts';
export { type MigrateOptions, type Migration, type MigrationPlan, migrate } from './auth/migrate.ts';
export { type CheckStoreOptions, checkStore, type ListedProfile, profiles, renameProfile } from './auth/profiles.ts';
export type { RuntimeOptions } from './auth/runtime.ts';
export { consent, startSandbox } from './auth/sandbox.ts';
export { type KnownScope, knownScopes } from './auth/scopes.ts';
export type { Session } from './auth/session.ts';
export { type SetupOptions, setup } from './auth/setup.ts';
export { type FormRegistration, SETUP_PROVIDERS, type SetupProvider } from './auth/setup-form.ts';
export { type SignIn, type Status, type StatusOptions, status } from './auth/status.ts';
export { type StatusPageOptions, statusPage } from './auth/status-page.ts';
export { type NoDisplayReason, noDisplayReason } from './browser/has-display.ts';
export { browserWords } from './browser/open-browser.ts';
export { AuthError, type AuthErrorOptions, asAuthError, type ErrorCode, type ExitCode } from './errors.ts';
export { decodeText } from './formats/document.ts';
export { isClientId } from './formats/values.ts';
export { LOG_LEVELS, type LogLevel } from './log.ts';
export { shortScope } from './providers/google-health.ts';
export type { Sandbox, SandboxOptions } from './sandbox/sandbox.ts';
export { Secret } from './secret.ts';
