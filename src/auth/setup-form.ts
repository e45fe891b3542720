import { readdir, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Environment } from '../environment.ts';
import { AuthError } from '../errors.ts';
import { readClientFile as readFoundClient } from '../formats/read.ts';
import { problemOf } from '../formats/values.ts';
import { unreadableFile } from '../messages.ts';
import { FITBIT_CLIENT_ID, fitbit } from '../providers/fitbit.ts';
import { GOOGLE_CLIENT_ID, googleHealth, shortScope } from '../providers/google-health.ts';
import { DEFAULT_REDIRECT_URI, type Provider } from '../providers/provider.ts';
import { printable, Secret } from '../secret.ts';
import {
  type KnownFile,
  type SetupError,
  type SetupForm,
  type SetupProviderId,
  type SetupView,
  shortName,
} from '../server/pages/setup.ts';
import { byInterest, SETUP, scopeLabel, typographic } from '../server/pages/texts.ts';
import { readOutside } from '../store/atomic-file.ts';
import type { Profile } from '../store/profile.ts';
import type { LoginOptions } from './login.ts';
import { rejectsSecret } from './result-view.ts';

/** The providers that setup offers, the usual one first. */
export const SETUP_PROVIDERS = [
  { provider: googleHealth(), clientIdPattern: GOOGLE_CLIENT_ID },
  { provider: fitbit(), clientIdPattern: FITBIT_CLIENT_ID },
] as const;

/** A client file that was dropped, pasted or found. Its content goes once the provider rejected its secret. */
export interface ReadFile {
  readonly known: KnownFile;
  readonly clientId: string;
  readonly content?: Secret;
}

/** Reads a client file for the form. @throws AuthError `USAGE` if it is none */
export function readClientFile(content: string, name: string): ReadFile {
  const { id, clientType } = readFoundClient(content);
  if (id === undefined) throw new AuthError('USAGE', SETUP.errors.file);
  const project = projectOf(content);
  const title = SETUP.fileTitle(SETUP.clientTypes[clientType ?? 'other'], project);
  return {
    known: { name: shortName(name || SETUP.clientTypes.other), title, project },
    clientId: id,
    content: new Secret(content),
  };
}

function projectOf(content: string): string | undefined {
  try {
    const { installed, web } = JSON.parse(content);
    const project: unknown = (installed ?? web)?.project_id;
    return typeof project === 'string' && /^[\w:.-]{1,64}$/.test(project) ? project : undefined;
  } catch {
    return undefined;
  }
}

export interface Download {
  readonly path: string;
  readonly name: string;
  readonly minutes: number;
}

const RECENT_MS = 60 * 60_000;

/** The newest client file in the downloads directory that is younger than an hour. */
export async function findDownload({ XDG_DOWNLOAD_DIR: own }: Environment, now: Date): Promise<Download | undefined> {
  const directory = own?.startsWith('/') ? own : join(homedir(), 'Downloads');
  const names = await readdir(directory).catch(() => []);
  const found = await Promise.all(
    names
      .filter((name) => /^client_secret.*\.json$/.test(name))
      .map(async (name) => {
        const path = join(directory, name);
        const file = await stat(path).catch(() => undefined);
        return { path, name: printable(name), modified: file?.isFile() ? file.mtimeMs : 0 };
      }),
  );
  const [newest] = found.sort((a, b) => b.modified - a.modified);
  const age = now.getTime() - (newest?.modified ?? 0);
  return newest === undefined || age > RECENT_MS
    ? undefined
    : { path: newest.path, name: newest.name, minutes: Math.max(0, Math.floor(age / 60_000)) };
}

/** @throws AuthError `FILE_UNREADABLE`, `USAGE` */
export async function readDownload({ path, name }: Download): Promise<ReadFile> {
  const content = await readOutside(path);
  if (content === undefined) throw unreadableFile(path);
  return readClientFile(content, name);
}

/** The provider that a client ID belongs to by its looks, else the chosen one. */
function providerOfId(clientId: string, chosen: SetupProviderId): SetupProviderId {
  const found = SETUP_PROVIDERS.find(({ clientIdPattern }) => clientIdPattern.test(clientId))?.provider.id;
  return found === 'fitbit' || found === 'google-health' ? found : chosen;
}

/** A complete form, or everything that is wrong with it. */
export type FormValidation =
  | { readonly errors: readonly SetupError[] }
  | {
      readonly registration: Pick<LoginOptions, 'clientId' | 'clientSecret' | 'scopes'>;
      readonly provider: SetupProviderId;
    };

/** Validates the form, with the file that was read. No entered value is repeated. */
export function validateSetupForm(form: SetupForm, file: ReadFile | undefined): FormValidation {
  const errors: SetupError[] = [];
  const clientId = file?.clientId ?? form.clientId;
  const isGoogle = form.provider === 'google-health';
  if (clientId === '')
    errors.push(
      isGoogle ? { field: 'form', text: SETUP.errors.noClient } : { field: 'clientId', text: SETUP.errors.noClientId },
    );
  else if (problemOf('client ID', clientId) !== undefined)
    errors.push({ field: 'clientId', text: SETUP.errors.notAscii });
  if (form.clientSecret !== '' && problemOf('client secret', form.clientSecret) !== undefined)
    errors.push({ field: 'clientSecret', text: SETUP.errors.notAscii });
  const provider = providerOfId(clientId, form.provider);
  const scopes = form.scopes.get(provider) ?? [];
  if (scopes.length === 0) errors.push({ field: 'scopes', text: SETUP.errors.noScopes });
  if (errors.length > 0) return { errors };
  const clientSecret = form.clientSecret === '' ? undefined : new Secret(form.clientSecret);
  return { registration: { clientId, clientSecret, scopes }, provider };
}

const FIELDS: Readonly<Partial<Record<AuthError['code'], SetupError['field']>>> = {
  SCOPE_REJECTED: 'scopes',
  PORT_BUSY: 'redirectUri',
};

/** What a failed sign-in says on the page: a strip at the top, and a sentence beside the field that helps. */
export function setupErrors(error: AuthError, provider: SetupProviderId): readonly SetupError[] {
  const { code, message, hint } = error;
  if (rejectsSecret(error)) {
    const name = provider === 'fitbit' ? 'Fitbit' : 'Google';
    return [
      { field: 'form', text: SETUP.errors.secretRejected(name) },
      { field: 'form', text: SETUP.keptRest },
      { field: 'clientSecret', text: SETUP.errors.secretAgain },
    ];
  }
  const field = FIELDS[code];
  return [
    { field: 'form', text: typographic(message) },
    { field: 'form', text: typographic(hint) },
    ...(field === undefined ? [] : [{ field, text: typographic(message) }]),
  ];
}

export interface SetupState {
  readonly stored: Profile | undefined;
  /** Those that the caller names. */
  readonly redirectUris?: readonly string[] | undefined;
  readonly form?: SetupForm | undefined;
  readonly file?: ReadFile | undefined;
  readonly download?: SetupView['download'];
  readonly errors: readonly SetupError[];
  readonly failed: boolean;
}

/** What the page shows: what was entered, else what is stored, else the provider's defaults. Holds no secret. */
export function setupView({ stored, redirectUris, form, file, download, errors, failed }: SetupState): SetupView {
  const clientId = form?.clientId ?? stored?.client.id ?? '';
  const chosen = form?.provider ?? (stored?.provider === 'fitbit' ? 'fitbit' : 'google-health');
  // Port 0 stands for any free one: nothing is registered then.
  const registered = [form?.redirectUri ?? '', ...(redirectUris ?? stored?.redirectUris ?? [])].find(
    (uri) => URL.canParse(uri) && new URL(uri).port !== '0',
  );
  return {
    provider: chosen,
    clientId: file === undefined ? clientId : '',
    hasSecret: stored?.client.secret !== undefined && stored.client.id === clientId,
    file: file?.known,
    download,
    patterns: { 'google-health': GOOGLE_CLIENT_ID.source, fitbit: FITBIT_CLIENT_ID.source },
    scopes: {
      'google-health': scopeChoices(googleHealth(), stored, form),
      fitbit: scopeChoices(fitbit(), stored, form),
    },
    redirectUri: registered ?? DEFAULT_REDIRECT_URI,
    isWeb: chosen === 'google-health' && registered !== undefined && (form === undefined || form.redirectUri !== ''),
    errors,
    failed,
  };
}

function scopeChoices(
  { id, scopes, defaultScopes }: Provider,
  stored: Profile | undefined,
  form: SetupForm | undefined,
): SetupView['scopes'][SetupProviderId] {
  const before = stored?.provider === id ? stored.requestedScopes : defaultScopes;
  const ticked = (id === 'custom' ? undefined : form?.scopes.get(id)) ?? before;
  const names = scopes.map(({ name }) => name).sort(byInterest);
  return names.map((name) => ({
    name,
    label: scopeLabel(name),
    ticked: ticked.includes(name) || ticked.includes(shortScope(name)),
    writes: name.endsWith('.writeonly'),
  }));
}
