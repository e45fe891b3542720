import type { Action, PageName } from './site-view.ts';

/** The language of everything below, and of the views that are handed in. */
export const LANGUAGE = 'en';

/** How dates and amounts of time are written. */
const LOCALE = 'en-GB';

export const PRODUCT = 'fitbit-login';

export const LABELS = {
  facts: 'Details',
  notes: 'Good to know',
  next: 'What to do next',
  footer: 'This page comes from fitbit-login on this computer and has loaded nothing from anywhere else.',
} as const;

/** Every page of the local site. */
export const SITE = {
  pages: { setup: 'Set up', status: 'Status' } satisfies Record<PageName, string>,
  navigation: 'Pages',
  stop: 'Stop fitbit-login',
  reload: 'Refresh this page',
  lost: 'The connection to fitbit-login is lost. This page shows what was known before; to go on, run the command again.',
} as const;

export const SETUP = {
  title: 'Set up your app',
  lead: 'To read your data, fitbit-login has to be known to the provider as an app of yours: its registration gives you a client id, and mostly a client secret. It is done once, costs nothing, and the app belongs to you alone.',
  register: 'Register an app',
  registerAt: (provider: string) => `With ${provider}`,
  redirectUris: (count: number) =>
    count === 1
      ? 'Redirect URI, to be registered exactly like this; a Desktop app of Google’s needs none'
      : 'Redirect URIs, to be registered exactly like this; a Desktop app of Google’s needs none',
  copy: 'Copy',
  copied: 'Copied',
  client: 'Say which app it is',
  clientId: 'Client id',
  clientIdHint: 'The registration shows it.',
  clientSecret: 'Client secret',
  clientSecretHint:
    'It is stored on this computer, for you alone, and never shown. Leave it empty if the app has none.',
  clientSecretKept: 'One is stored already. Leave this empty to keep it; what you type replaces it.',
  clientSecretAgain: 'If you have typed one, type it again: it was not kept.',
  clientFile: 'Or the downloaded file',
  clientFileHint: 'Paste its text here in place of both: the JSON that the provider offers, or a .env file.',
  clientFileDrop: 'It can be dropped here, too.',
  clientFileChoose: 'Choose the file',
  provider: 'Provider',
  recognise: 'Recognised from the client id',
  recognised: (provider: string) => `This is a client id of ${provider}.`,
  scopes: 'Choose what may be read',
  scopesAt: (provider: string) => `At ${provider}`,
  redirectUri: 'Another redirect URI',
  redirectUriHint: 'Only where the app is registered with an address of this computer that is not above.',
  submit: 'Go on to sign in',
  sandbox: 'Only want to look?',
  sandboxLead:
    'The sandbox is a stand-in for the provider on this computer. It needs no app and no account, and it has no real data.',
  sandboxSubmit: 'Try it in the sandbox',
  errors: (count: number) => (count === 1 ? 'One thing has to be mended' : `${count} things have to be mended`),
} as const;

export const STATUS = {
  title: 'Your sign-ins',
  none: 'Nobody has signed in on this computer yet.',
  fine: (count: number) =>
    count === 1
      ? 'It works: scripts get a token whenever they ask.'
      : `All ${count} work: scripts get a token whenever they ask.`,
  troubled: (count: number, all: number) =>
    all === 1 ? 'Something has to be done.' : `${count} of ${all} ${count === 1 ? 'needs' : 'need'} something done:`,
  updated: 'The page was brought up to date.',
  sandbox: 'sandbox',
  account: 'Account',
  provider: 'Provider',
  providerAt: (provider: string, sandbox: string) => `${provider} at ${sandbox}`,
  app: 'App',
  scopes: 'Scopes granted',
  noScopes: 'none named',
  missing: 'Not granted',
  token: 'Access token',
  tokenLeft: (left: string, until: string) => `${left} left, until ${until}`,
  tokenEnded: (when: string) => `ended ${when}`,
  tokenUnrefreshable: 'It cannot be refreshed: when it ends, sign in again.',
  grant: 'Sign-in ends',
  more: 'History and file',
  noHistory: 'Nothing is in the log yet.',
  failed: 'failed',
  file: 'Stored in',
  mode: 'File mode',
  signOut: 'Sign out…',
  signOutSure: 'This revokes the access at the provider and deletes the tokens from this computer.',
} as const;

export const ACTIONS: Readonly<Record<Action, string>> = {
  refresh: 'Refresh now',
  check: 'Ask the provider',
  'sign-in': 'Sign in again',
  'sign-out': 'Yes, sign out',
  add: 'Add an account',
};

/** A moment, in the machine's own time zone: "22 Nov 2026, 19:12". */
export function moment(date: Date): string {
  return date.toLocaleString(LOCALE, {
    day: 'numeric',
    month: 'short',
    year: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
  });
}

const UNITS = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
] as const;

/** An amount of time in its two largest units: "7 hours 12 minutes"; below a minute in seconds. */
export function duration(ms: number): string {
  const amount = (unit: string, count: number) =>
    count.toLocaleString(LOCALE, { style: 'unit', unit, unitDisplay: 'long' });
  const first = UNITS.findIndex(([, length]) => ms >= length);
  if (first === -1) return amount('second', Math.max(0, Math.ceil(ms / 1000)));
  let rest = ms;
  const parts = UNITS.slice(first, first + 2).flatMap(([unit, length]) => {
    const count = Math.floor(rest / length);
    rest -= count * length;
    return count === 0 ? [] : [amount(unit, count)];
  });
  return parts.join(' ');
}
