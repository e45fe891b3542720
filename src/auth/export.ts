import { basename, resolve } from 'node:path';
import { FORMATS, type Format, type FormatId, formatNamed, OWN_FORMAT } from '../formats/write.ts';
import {
  FILE_PROBLEMS,
  gcloudsOwnFile,
  notSignedIn,
  ownFormatNotKept,
  requires,
  singleUseCopy,
  unusableFile,
} from '../messages.ts';
import { encodeProfile } from '../store/codec.ts';
import type { Profile } from '../store/profile.ts';
import { access } from './access-token.ts';
import { exportedText } from './kept-exports.ts';
import { assertOptions } from './options.ts';
import { createRuntime, type RuntimeOptions } from './runtime.ts';

/** What {@link exportProfile} writes. */
export type ExportFormat = FormatId | typeof OWN_FORMAT;

/** The formats that `exportProfile` writes; `importProfile` reads them, too. */
export const EXPORT_FORMATS: readonly { readonly id: ExportFormat; readonly title: string }[] = [
  ...FORMATS.map(({ id, title }) => ({ id, title })),
  { id: OWN_FORMAT, title: 'a profile of fitbit-login' },
];

export interface ExportOptions {
  /** Default: `FITBIT_LOGIN_PROFILE`, else `default`. */
  readonly profile?: string;
  readonly format: ExportFormat;
  /** The file to write, 0600 and atomically; its other keys or lines are preserved. Default: none. */
  readonly output?: string;
  /** Whether the file is written again at every later change of the profile. Default `false`. */
  readonly keep?: boolean;
  readonly signal?: AbortSignal;
}

export interface Exported {
  readonly text: string;
  /** What the person must know before a second program uses the file. */
  readonly warning?: string;
  /** The line for a shell with which the file's program finds it; absent where nothing was written or none is needed. */
  readonly shellLine?: string;
}

/**
 * Returns a profile's current tokens in another program's format, refreshed first where they are about to expire, and writes
 * them to a file where one is named.
 *
 * @throws AuthError `USAGE` for a format that there is not, or not for this provider; as `accessToken`; `STORE_UNAVAILABLE`
 *   for a file that cannot be written
 */
export async function exportProfile(options: ExportOptions, runtimeOptions: RuntimeOptions = {}): Promise<Exported> {
  assertOptions('exportProfile', options);
  if (options.format === OWN_FORMAT) return exportOwn(options, runtimeOptions);
  const { keep = false, signal } = options;
  const format = formatNamed(options.format);
  if (keep && options.output === undefined) throw requires('keep', 'output FILE');
  const output = options.output === undefined ? undefined : resolve(options.output);
  if (output !== undefined) refuseGcloudFile(output);
  const runtime = createRuntime(runtimeOptions);
  const name = runtime.profileName(options.profile);
  const { profile } = await access(runtime, { name, signal });
  const warning = warningFor(format, profile);
  if (output === undefined) return { text: exportedText(profile, format), warning };
  const shellLine = shellLineFor(format, output);
  if (!keep) {
    const text = exportedText(profile, format, await runtime.files.read(output));
    await runtime.files.write(output, text);
    return { text, warning, shellLine };
  }
  await using locked = await runtime.store.lock(name, { signal });
  const { current } = locked;
  // Signed out meanwhile: nothing of that is undone here.
  if (current === undefined) throw notSignedIn(name);
  const others = (current.keep ?? []).filter(({ path }) => path !== output);
  // The file first: a profile that promises a file that cannot be written would complain at every refresh.
  const text = exportedText(current, format, await runtime.files.read(output));
  await runtime.files.write(output, text);
  await locked.commit({ ...current, keep: [...others, { format: format.id, path: output }] });
  return { text, warning, shellLine };
}

/** A profile without what belongs to the machine that it is on: kept files, the notices given, a waiting sign-in. */
export function withoutLocalFields({ keep, notified, pendingLogin, ...rest }: Profile): Profile {
  return rest;
}

/** The profile itself, which {@link importProfile} stores whole. */
async function exportOwn(
  { profile: named, output, keep, signal }: ExportOptions,
  runtimeOptions: RuntimeOptions,
): Promise<Exported> {
  // Two stores that follow each other would spend each other's refresh tokens.
  if (keep) throw ownFormatNotKept();
  const runtime = createRuntime(runtimeOptions);
  const name = runtime.profileName(named);
  const { profile } = await access(runtime, { name, signal });
  const text = encodeProfile(withoutLocalFields(profile));
  if (output !== undefined) {
    const path = resolve(output);
    if ((await runtime.files.read(path))?.trim()) throw unusableFile(...FILE_PROBLEMS.exists);
    await runtime.files.write(path, text);
  }
  const isSingleUse = profile.provider !== 'google-health' && profile.tokens?.refreshToken !== undefined;
  return { text, warning: isSingleUse ? singleUseCopy(name) : undefined };
}

/** gcloud keeps its own sign-in under this name, wherever CLOUDSDK_CONFIG says: other programs depend on it. */
const GCLOUD_FILE = 'application_default_credentials.json';

function refuseGcloudFile(output: string): void {
  if (basename(output) !== GCLOUD_FILE) return;
  throw gcloudsOwnFile(GCLOUD_FILE);
}

/** Google's libraries find the file by this variable. */
function shellLineFor({ id }: Format, output: string): string | undefined {
  if (id !== 'authorized-user') return undefined;
  return `export GOOGLE_APPLICATION_CREDENTIALS='${output.replaceAll("'", "'\\''")}'`;
}

function warningFor({ refreshesByItself, title }: Format, { provider, tokens }: Profile): string | undefined {
  if (provider !== 'fitbit' || tokens?.refreshToken === undefined || !refreshesByItself) return undefined;
  return (
    `Fitbit refresh tokens are single-use. If the program that reads ${title} refreshes too, one of you gets signed out: ` +
    'let only one of them refresh, and give the other the token from `fitbit-login token`.'
  );
}
