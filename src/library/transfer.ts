import { resolve } from 'node:path';
import { type RegistrationOptions, registeredUris, resolveClient } from '../auth/client.ts';
import { createRuntime, type RuntimeOptions } from '../auth/runtime.ts';
import { type Status, storedStatus } from '../auth/status.ts';
import { defined } from '../defined.ts';
import { AuthError } from '../errors.ts';
import { FORMATS } from '../formats/formats.ts';
import { fitbit } from '../providers/fitbit.ts';
import { GOOGLE_CLIENT_ID, googleHealth } from '../providers/google-health.ts';
import { parseClientFile } from '../usecases/client-file.ts';
import { type Exported, type ExportRequest, exportProfile as exportTo } from '../usecases/export-profile.ts';
import { importProfile as importFrom } from '../usecases/import-profile.ts';
import { importRegistration, type RegistrationImport } from '../usecases/import-registration.ts';

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
export async function exportProfile(options: ExportOptions, runtimeOptions: RuntimeOptions = {}): Promise<Exported> {
  const { profile, output, ...request } = options;
  if (request.keep && output === undefined)
    throw new AuthError('USAGE', '--keep needs a file: give it with `--output FILE`.');
  const runtime = createRuntime(runtimeOptions);
  return exportTo(
    {
      ...request,
      name: runtime.profileName(profile),
      ...(output === undefined ? {} : { output: resolve(output) }),
    },
    runtime,
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
  runtimeOptions: RuntimeOptions = {},
): Promise<ImportedStatus> {
  const { profile, replace = false, sandbox, signal } = options;
  const runtime = createRuntime(runtimeOptions);
  const name = runtime.profileName(profile);
  const registration = downloaded(content);
  if (registration !== undefined) {
    const stored = await importRegistration(
      { name, provider: googleHealth(sandbox), ...registration, ...defined({ signal }) },
      runtime,
    );
    return { ...storedStatus(runtime, name, stored), format: 'a client file of a Google app' };
  }
  const client = resolveClient(options, runtime.environment, await runtime.store.read(name));
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
    runtime,
  );
  return { ...storedStatus(runtime, name, done.profile), format: done.format.title };
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
