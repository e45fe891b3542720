/**
 * Everything that talks to a provider, with what it takes to do so: one module, so that the first function that needs any of it
 * loads it all at once. What only reads a profile loads none of it.
 */
export { access } from '../usecases/access.ts';
export { api } from '../usecases/api.ts';
export { check } from '../usecases/check.ts';
export { exportProfile as exportTo } from '../usecases/export-profile.ts';
export { importProfile as importFrom } from '../usecases/import-profile.ts';
export { importRegistration } from '../usecases/import-registration.ts';
export { login as signIn } from '../usecases/login.ts';
export { refresh as refreshUnderLock } from '../usecases/refresh.ts';
export { signOut } from '../usecases/sign-out.ts';
export { fetchOf, openAccessPorts, openLoginPorts } from './online-ports.ts';
