import type { RuntimeOptions } from '../auth/runtime.ts';
import type { Check } from '../doctor/check.ts';

export interface DoctorOptions {
  /** Default: `FITBIT_LOGIN_PROFILE`, else `default`. */
  readonly profile?: string;
  /** The redirect URIs to look at. Default: those that a sign-in of this profile would use. */
  readonly redirectUris?: readonly string[];
  /** Whether the provider is asked, once, without any token: for whether it answers, and for the time of day. Default `false`. */
  readonly online?: boolean;
  readonly signal?: AbortSignal;
}

/** What was found, and what of it matters most. */
export interface Diagnosis {
  readonly profile: string;
  readonly checks: readonly Check[];
  /** As they must be registered at the provider, byte for byte. Empty where nothing has to be. */
  readonly redirectUris: readonly string[];
}

/**
 * Looks at everything that a sign-in depends on. Changes nothing: it binds each port for a moment and reads files. Uses the network
 * only where `online` says so.
 *
 * @throws AuthError `USAGE` for a redirect URI that cannot be caught here; nothing else: what is wrong is in the checks
 */
export async function doctor(options: DoctorOptions = {}, runtimeOptions: RuntimeOptions = {}): Promise<Diagnosis> {
  const { examine } = await import('./examination.ts');
  return examine(options, runtimeOptions);
}
