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
  const { keep = false, signal } = options;
  const format = options.format === OWN_FORMAT ? undefined : formatNamed(options.format);
  // Two stores that follow each other would spend each other's refresh tokens.
  if (keep && format === undefined) throw ownFormatNotKept();
  if (keep && options.output === undefined) throw requires('keep', 'output FILE');
  const output = options.output === undefined ? undefined : resolve(options.output);
  if (output !== undefined && basename(output) === GCLOUD_FILE) throw gcloudsOwnFile(GCLOUD_FILE);
  const runtime = createRuntime(runtimeOptions);
  const name = runtime.profileName(options.profile);
  const { profile } = await access(runtime, { name, signal });
  const textOf = (exported: Profile, previous?: string) =>
    format === undefined ? ownText(exported, previous) : exportedText(exported, format, previous);
  const warning = format === undefined ? ownWarning(name, profile) : warningFor(format, profile);
  if (output === undefined) return { text: textOf(profile), warning };

  const write = async (exported: Profile) => {
    const text = textOf(exported, await runtime.files.read(output));
    await runtime.files.write(output, text);
    return { text, warning, shellLine: shellLineFor(format?.id, output) };
  };
  if (!keep || format === undefined) return write(profile);
  await using locked = await runtime.store.lock(name, { signal });
  const { current } = locked;
  // Signed out meanwhile: nothing of that is undone here.
  if (current === undefined) throw notSignedIn(name);
  // The file first: a profile that promises a file that cannot be written would complain at every refresh.
  const written = await write(current);
  const others = (current.keep ?? []).filter(({ path }) => path !== output);
  await locked.commit({ ...current, keep: [...others, { format: format.id, path: output }] });
  return written;
}

/** A profile without what belongs to the machine that it is on: kept files, the notices given, a waiting sign-in. */
export function withoutLocalFields({ keep, notified, pendingLogin, ...rest }: Profile): Profile {
  return rest;
}

/** The profile itself, which {@link importProfile} stores whole. */
function ownText(profile: Profile, previous: string | undefined): string {
  if (previous?.trim()) throw unusableFile(...FILE_PROBLEMS.exists);
  return encodeProfile(withoutLocalFields(profile));
}

function ownWarning(name: string, { provider, tokens }: Profile): string | undefined {
  return provider !== 'google-health' && tokens?.refreshToken !== undefined ? singleUseCopy(name) : undefined;
}

/** gcloud keeps its own sign-in under this name, wherever CLOUDSDK_CONFIG says: other programs depend on it. */
const GCLOUD_FILE = 'application_default_credentials.json';

/** Google's libraries find the file by this variable. */
function shellLineFor(format: FormatId | undefined, output: string): string | undefined {
  if (format !== 'authorized-user') return undefined;
  return `export GOOGLE_APPLICATION_CREDENTIALS='${output.replaceAll("'", "'\\''")}'`;
}

function warningFor({ refreshesByItself, title }: Format, { provider, tokens }: Profile): string | undefined {
  if (provider !== 'fitbit' || tokens?.refreshToken === undefined || !refreshesByItself) return undefined;
  return (
    `Fitbit refresh tokens are single-use. If the program that reads ${title} refreshes too, one of you gets signed out: ` +
    'let only one of them refresh, and give the other the token from `fitbit-login token`.'
  );
}
