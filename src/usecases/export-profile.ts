import { basename } from 'node:path';
import { access } from '../auth/access-token.ts';
import { notSignedIn } from '../auth/messages.ts';
import type { Runtime } from '../auth/runtime.ts';
import { defined } from '../defined.ts';
import { AuthError } from '../errors.ts';
import { type Format, formatNamed } from '../formats/formats.ts';
import type { Profile } from '../store/profile.ts';

export interface ExportRequest {
  /** The profile's name. */
  readonly name: string;
  readonly format: string;
  /** Absolute path of the file to write; keys and lines of its own that are there already are kept. Absent: nothing is written. */
  readonly output?: string;
  /** Whether the file is written again at every later change of the profile. */
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
 * Gives a profile's current tokens in another program's format, refreshed first where they are about to end.
 *
 * @throws AuthError `USAGE` for a format that there is not, or not for this provider; as `access`.
 */
export async function exportProfile(request: ExportRequest, runtime: Runtime): Promise<Exported> {
  const { name, output, keep = false, signal } = request;
  const format = formatNamed(request.format);
  if (output !== undefined) refuseForeignOwner(output);
  const { profile } = await access(runtime, { name, signal });
  const warning = warningOf(format, profile);
  if (output === undefined) return { text: exported(profile, format.id, undefined), ...warning };
  const advice = { ...warning, ...shellLineOf(format, output) };
  if (!keep) {
    const text = exported(profile, format.id, await runtime.files.read(output));
    await runtime.files.write(output, text);
    return { text, ...advice };
  }
  await using locked = await runtime.store.lock(name, { signal });
  const { current } = locked;
  // Signed out meanwhile: nothing of that is undone here.
  if (current === undefined) throw notSignedIn(name);
  const kept = [...(current.keep ?? []).filter(({ path }) => path !== output), { format: format.id, path: output }];
  // The file first: a profile that promises to keep a file that cannot be written would say so at every refresh.
  const text = exported(current, format.id, await runtime.files.read(output));
  await runtime.files.write(output, text);
  await locked.commit({ ...current, keep: kept });
  return { text, ...advice };
}

/** A profile's tokens in a format, over what the file holds already. @throws AuthError `USAGE` */
export function exported(profile: Profile, formatId: string, previous: string | undefined): string {
  const format = formatNamed(formatId);
  const { provider, client, tokens } = profile;
  if (format.write === undefined || provider === 'custom' || !format.providers.includes(provider)) {
    throw new AuthError('USAGE', `The format ${format.id} cannot hold a sign-in at ${provider}.`, {
      hint: 'See `fitbit-login export --help` for the formats.',
    });
  }
  return format.write(
    {
      provider,
      clientId: client.id,
      ...defined({ clientSecret: client.secret }),
      ...tokens,
    },
    previous,
  );
}

/** gcloud keeps its own sign-in under this name, wherever CLOUDSDK_CONFIG says: other programs depend on it. */
const GCLOUD_FILE = 'application_default_credentials.json';

function refuseForeignOwner(output: string): void {
  if (basename(output) !== GCLOUD_FILE) return;
  throw new AuthError('USAGE', `${GCLOUD_FILE} is gcloud's own file, which is never written over.`, {
    preserved: 'It is untouched.',
    hint: 'Give another path with `--output`, and name it in GOOGLE_APPLICATION_CREDENTIALS.',
  });
}

/** Google's libraries find the file by this variable. */
function shellLineOf({ id }: Format, output: string): { shellLine?: string } {
  if (id !== 'authorized-user') return {};
  return { shellLine: `export GOOGLE_APPLICATION_CREDENTIALS='${output.replaceAll("'", "'\\''")}'` };
}

function warningOf(format: Format, { provider, tokens }: Profile): { warning?: string } {
  if (provider !== 'fitbit' || tokens?.refreshToken === undefined) return {};
  if (!format.refreshesByItself) return {};
  return {
    warning:
      `A Fitbit refresh token works once. If the program that reads ${format.title} refreshes by itself, one of the two will lose the sign-in: ` +
      'let only one of them refresh, and give the other the token from `fitbit-login token`.',
  };
}
