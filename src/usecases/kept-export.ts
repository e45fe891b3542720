import type { Runtime } from '../auth/runtime.ts';
import { asAuthError } from '../errors.ts';
import type { Profile } from '../store/profile.ts';
import { exported } from './export-profile.ts';

/**
 * Writes again every file that was exported to be kept current. Called under the profile's lock, so that the newest
 * tokens are written last. A file that cannot be written is told of, and costs no token.
 */
export async function rewriteKept(
  profile: Profile,
  { name, runtime }: { name: string; runtime: Pick<Runtime, 'files' | 'openLog' | 'notice'> },
): Promise<void> {
  for (const { format, path } of profile.keep ?? []) {
    try {
      await runtime.files.write(path, exported(profile, format, await runtime.files.read(path)));
    } catch (thrown) {
      const error = asAuthError(thrown);
      const log = await runtime.openLog();
      log.warn({ event: 'export_failed', profile: name, format, path, error_code: error.code }, error.message);
      runtime.notice(`The new tokens are stored, but ${path} could not be kept current: ${error.message}`);
    }
  }
}
