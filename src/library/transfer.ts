import { resolve } from 'node:path';
import { defined } from '../defined.ts';
import { AuthError } from '../errors.ts';
import { FORMATS } from '../formats/formats.ts';
import { fitbit } from '../providers/fitbit.ts';
import { GOOGLE_CLIENT_ID, googleHealth } from '../providers/google-health.ts';
import type { Profile } from '../store/profile.ts';
import { parseClientFile } from '../usecases/client-file.ts';
import type { Exported, ExportRequest } from '../usecases/export-profile.ts';
import type { RegistrationImport } from '../usecases/import-registration.ts';
import type { AccessPorts } from '../usecases/ports.ts';
import { type Status, statusOf } from '../usecases/status.ts';
import { type RegistrationOptions, registeredUris, resolveClient } from './registration.ts';
import { accessPorts, environmentOf, profileNameIn, type Surroundings } from './surroundings.ts';

/** The formats that `exportProfile` writes. */
export const EXPORT_FORMATS: readonly { readonly id: string; readonly title: string }[] = FORMATS.filter(
  ({ write }) => write !== undefined,
).map(({ id, title }) => ({ id, title }));

export interface ExportOptions extends Omit<ExportRequest, 'name' | 'output'> {
  /** Default: `FITBIT_LOGIN_PROFILE`, else `default`. */
  readonly profile?: string;
  /** The file to write, 0600 and atomically; its other keys or lines are kept. Default: none. */
  readonly output?: string;
}

/**
 * Gives the current tokens in another program's format, and writes them to a file where one is named.
 *
 * @throws AuthError `USAGE` for a format that there is not; as `accessToken`; `STORE_UNAVAILABLE` for a file that cannot be written.
 */
export async function exportProfile(options: ExportOptions, surroundings: Surroundings = {}): Promise<Exported> {
  const { profile, output, ...request } = options;
  if (request.keep && output === undefined)
    throw new AuthError('USAGE', '--keep needs a file: give it with `--output FILE`.');
  const { exportTo } = await import('./online.ts');
  return exportTo(
    {
      ...request,
      name: profileNameIn(surroundings, profile),
      ...(output === undefined ? {} : { output: resolve(output) }),
    },
    await accessPorts(surroundings),
  );
}

export interface ImportOptions extends Omit<RegistrationOptions, 'provider'> {
  /** Default: `FITBIT_LOGIN_PROFILE`, else `default`. */
  readonly profile?: string;
  /** Whether other tokens that the profile holds are replaced. Default `false`. */
  readonly replace?: boolean;
  /** The origin of the sandbox that the tokens are from. */
  readonly sandbox?: string;
  readonly signal?: AbortSignal;
}

export interface ImportedStatus extends Status {
  /** What the content was recognised as, for people. */
  readonly format: string;
}

/**
 * Stores the tokens of another program's file, recognised by its content; of a client file that Google lets people
 * download, the app registration alone.
 *
 * @param content the file's text
 * @throws AuthError `USAGE` for content that is not recognised or is damaged, and where the profile holds other tokens: nothing is changed.
 */
export async function importProfile(
  content: string,
  options: ImportOptions = {},
  surroundings: Surroundings = {},
): Promise<ImportedStatus> {
  const { profile, replace = false, sandbox, signal } = options;
  const { importFrom, importRegistration } = await import('./online.ts');
  const ports = await accessPorts(surroundings);
  const name = profileNameIn(surroundings, profile);
  const registration = downloaded(content);
  if (registration !== undefined) {
    const stored = await importRegistration(
      { name, provider: googleHealth(sandbox), ...registration, ...defined({ signal }) },
      ports,
    );
    return { ...(await statusAs(name, stored, ports)), format: 'a client file of a Google app' };
  }
  const client = resolveClient(options, environmentOf(surroundings), await ports.store.read(name));
  const done = await importFrom(
    {
      name,
      content,
      replace,
      ...defined({ client, signal }),
      provider: ({ provider }, clientId) => {
        const google = provider === 'google-health' || (provider === undefined && GOOGLE_CLIENT_ID.test(clientId));
        if (google !== GOOGLE_CLIENT_ID.test(clientId)) {
          throw new AuthError('USAGE', 'The tokens and the client id belong to different providers.', {
            hint: 'Give the id of the app that the tokens were made for: `--client-id ID`.',
          });
        }
        return google ? googleHealth(sandbox) : fitbit(sandbox);
      },
    },
    ports,
  );
  return { ...(await statusAs(name, done.profile, ports)), format: done.format.title };
}

async function statusAs(name: string, profile: Profile, ports: AccessPorts): Promise<Status> {
  const { name: providerName } = await ports.providerOf(profile);
  return statusOf(profile, { name, providerName, location: ports.store.location(name), now: ports.now() });
}

/** The app of a file that Google lets people download; `undefined` for any other content. */
function downloaded(content: string): Pick<RegistrationImport, 'client' | 'redirectUris'> | undefined {
  let file: ReturnType<typeof parseClientFile>;
  try {
    file = parseClientFile(content);
  } catch {
    // Not a client file, or none that can be used: whoever looks for tokens in it says what it is.
    return undefined;
  }
  if (file.clientType === undefined || file.id === undefined) return undefined;
  return {
    client: { id: file.id, ...defined({ secret: file.secret }) },
    redirectUris: registeredUris(content) ?? googleHealth().defaultRedirectUris,
  };
}
