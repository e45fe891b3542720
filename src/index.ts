/**
 * The library: sign in once, and programs get a working token or send requests with it.
 *
 * @example
 * import { login, openProfile } from 'fitbit-login';
 * await login({ profile: 'me', scopes: 'sleep' });
 * const response = await openProfile('me').fetch('/v4/users/me/identity');
 */
export { type AccessToken, accessToken } from './auth/access-token.ts';
export { doctor } from './auth/doctor.ts';
export { type ExportFormat, exportProfile } from './auth/export.ts';
export { importProfile } from './auth/import.ts';
export { type LoginEvent, type LoginOptions, login } from './auth/login.ts';
export { migrate } from './auth/migrate.ts';
export { openProfile, type ProfileHandle } from './auth/profile-handle.ts';
export { profiles } from './auth/profiles.ts';
export type { RuntimeOptions } from './auth/runtime.ts';
export { consent, startSandbox } from './auth/sandbox.ts';
export { knownScopes } from './auth/scopes.ts';
export { setup } from './auth/setup.ts';
export type { SignIn, Status } from './auth/status.ts';
export { AuthError, type ErrorCode } from './errors.ts';
export { Secret } from './secret.ts';
