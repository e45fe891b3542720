import type { Environment } from '../environment.ts';

/** The profile's name in force: the one given, else `FITBIT_LOGIN_PROFILE`, else `default`. */
export function profileInForce({ FITBIT_LOGIN_PROFILE }: Environment, given: string | undefined): string {
  return given ?? (FITBIT_LOGIN_PROFILE || 'default');
}
