import type { Logger } from 'pino';
import { asAuthError } from '../errors.ts';
import { type Format, formatNamed, write } from '../formats/write.ts';
import { exportFailed, unsupportedByFormat } from '../messages.ts';
import type { OutsideFiles } from '../store/atomic-file.ts';
import type { Profile } from '../store/profile.ts';

/** The part of a `Runtime` that is needed here. It calls this file, so that its type cannot be imported. */
interface SyncContext {
  readonly files: OutsideFiles;
  openLog(): Promise<Logger>;
  notice(text: string): void;
}

/**
 * Writes every file again that was exported to be kept current. The store calls it after each commit, under the profile's
 * lock, so that the newest tokens are written last. A file that cannot be written is named, and costs no token.
 */
export async function syncExports(
  name: string,
  profile: Profile,
  { files, openLog, notice }: SyncContext,
): Promise<void> {
  for (const { format, path } of profile.keep ?? []) {
    try {
      await files.write(path, exportedText(profile, formatNamed(format), await files.read(path)));
    } catch (thrown) {
      const error = asAuthError(thrown);
      const log = await openLog();
      log.warn({ event: 'export_failed', profile: name, format, path, error_code: error.code }, error.message);
      notice(exportFailed(path, error.message));
    }
  }
}

/** Whether every kept file holds what {@link syncExports} would write. */
export async function areCurrent(profile: Profile, files: OutsideFiles): Promise<boolean> {
  for (const { format, path } of profile.keep ?? []) {
    try {
      const text = await files.read(path);
      if (text !== exportedText(profile, formatNamed(format), text)) return false;
    } catch {
      return false;
    }
  }
  return true;
}

/** A profile's tokens in a format, over what the file holds already. @throws AuthError `USAGE` */
export function exportedText({ provider, client, tokens }: Profile, format: Format, previous?: string): string {
  if (provider === 'custom' || !format.providers.includes(provider)) throw unsupportedByFormat(format.id, provider);
  return write(format, { provider, clientId: client.id, clientSecret: client.secret, ...tokens }, previous);
}
