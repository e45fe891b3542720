/**
 * The library: everything that the command line does, for programs.
 *
 * @example
 * import { login } from 'fitbit-login';
 * const { userId, scopes } = await login({ clientId: '23ABCD', scopes: ['activity', 'sleep'] });
 */
export { browserWords } from './browser/event.ts';
export { type Elsewhere, type Screen, screenOf } from './browser/screen.ts';
export type { Check, CheckId, CheckState } from './doctor/check.ts';
export { AuthError, type AuthErrorOptions, asAuthError, type ErrorCode, type ExitCode } from './errors.ts';
export { type AccessOptions, type AccessToken, accessToken, environmentFor, refresh } from './library/access.ts';
export { type ApiOptions, apiRequest } from './library/api.ts';
export { type CheckedStatus, checkStatus } from './library/check.ts';
export { type Diagnosis, type DoctorOptions, doctor } from './library/doctor.ts';
export { type LoginOptions, login } from './library/login.ts';
export { type MigrateOptions, type Migration, type MigrationPlan, migrate } from './library/migrate.ts';
export { type ListedProfile, type LogoutOptions, logout, profiles, renameProfile } from './library/profiles.ts';
export { type RehearsalOptions, rehearseStoring } from './library/rehearsal.ts';
export { type KnownScope, knownScopes } from './library/scope-list.ts';
export { SETUP_PROVIDERS, type SetupOptions, setup } from './library/setup.ts';
export { type StatusOptions, status } from './library/status.ts';
export { type StatusPageOptions, statusPage } from './library/status-page.ts';
export type { Surroundings } from './library/surroundings.ts';
export {
  EXPORT_FORMATS,
  type ExportOptions,
  exportProfile,
  type ImportedStatus,
  type ImportOptions,
  importProfile,
} from './library/transfer.ts';
export { LOG_LEVELS, type LogLevel } from './log/level.ts';
export { shortScope } from './providers/google-health.ts';
export { Secret } from './secret.ts';
export type { Fact, NextStep, View } from './server/pages/view.ts';
export type { ApiAnswer } from './usecases/api.ts';
export { isClientId } from './usecases/client-file.ts';
export type { Exported } from './usecases/export-profile.ts';
export { endWarning, type Grant } from './usecases/grant-end.ts';
export type { LoginEvent } from './usecases/login.ts';
export { moment } from './usecases/moment.ts';
export type { RateLimit } from './usecases/rate-limit.ts';
export type { SignIn } from './usecases/redeem.ts';
export type { FormRegistration } from './usecases/registration-form.ts';
export { factsOf, failedView, signedInView } from './usecases/report.ts';
export type { SetupProvider } from './usecases/setup-view.ts';
export type { SignedOut } from './usecases/sign-out.ts';
export type { Session, Status } from './usecases/status.ts';

import type { Sandbox, SandboxOptions } from './sandbox/sandbox.ts';

export type { Sandbox, SandboxOptions } from './sandbox/sandbox.ts';

/** Starts the built-in look-alike of the provider on 127.0.0.1. @throws AuthError `PORT_BUSY`, `LISTEN_FAILED`, `USAGE` */
export async function startSandbox(options?: SandboxOptions): Promise<Sandbox> {
  return (await import('./library/sandbox-port.ts')).sandboxAtPort(options);
}

/** Plays the person at a sandbox's consent page, where there is no screen. @throws AuthError `USAGE` */
export async function consent(...args: Parameters<typeof import('./sandbox/consent.ts').consent>): Promise<Response> {
  return (await import('./sandbox/consent.ts')).consent(...args);
}
