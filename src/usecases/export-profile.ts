import { defined } from '../defined.ts';
import { AuthError } from '../errors.ts';
import { type Format, formatNamed } from '../formats/formats.ts';
import type { Profile } from '../store/profile.ts';
import { access } from './access.ts';
import { nobodySignedIn } from './nobody.ts';
import type { AccessPorts } from './ports.ts';

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
}

/**
 * Gives a profile's current tokens in another program's format, refreshed first where they are about to end.
 *
 * @throws AuthError `USAGE` for a format that there is not, or not for this provider; as `access`.
 */
export async function exportProfile(request: ExportRequest, ports: AccessPorts): Promise<Exported> {
  const { name, output, keep = false, signal } = request;
  const format = formatNamed(request.format);
  const stop = defined({ signal });
  const { profile } = await access({ name, ...stop }, ports);
  const warning = warningOf(format, profile);
  if (output === undefined) return { text: exported(profile, format.id, undefined), ...warning };
  if (!keep) {
    const text = exported(profile, format.id, await ports.files.read(output));
    await ports.files.write(output, text);
    return { text, ...warning };
  }
  const text = await ports.store.update(
    name,
    async (slot) => {
      const { current } = slot;
      // Signed out meanwhile: nothing of that is undone here.
      if (current === undefined) throw nobodySignedIn(name);
      const kept = [...(current.keep ?? []).filter(({ path }) => path !== output), { format: format.id, path: output }];
      // The file first: a profile that promises to keep a file that cannot be written would say so at every refresh.
      const written = exported(current, format.id, await ports.files.read(output));
      await ports.files.write(output, written);
      await slot.save({ ...current, keep: kept });
      return written;
    },
    stop,
  );
  return { text, ...warning };
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

function warningOf(format: Format, { provider, tokens }: Profile): { warning?: string } {
  if (provider !== 'fitbit' || tokens?.refreshToken === undefined) return {};
  if (!format.refreshesByItself) return {};
  return {
    warning:
      `A Fitbit refresh token works once. If the program that reads ${format.title} refreshes by itself, one of the two will lose the sign-in: ` +
      'let only one of them refresh, and give the other the token from `fitbit-login token`.',
  };
}
