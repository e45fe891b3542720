/** Every sentence of the pages. Typographic quotes and apostrophes; no command-line options. */
import type { Departure, IconLine, View } from './view.ts';

/** The language of everything below. */
export const LANGUAGE = 'en';
const LOCALE = 'en-GB';

export const PRODUCT = 'fitbit-login';

export const LABELS = {
  details: 'Details',
  footer: 'This page runs on your computer and loads nothing from the internet.',
  copy: 'Copy',
  copied: 'Copied',
  stop: 'Stop fitbit-login',
  newTab: '(opens a new tab)',
} as const;

export const CLOSE_TAB: IconLine = { icon: 'tab', text: 'You can close this tab.' };

/** What a visitor sees whose request was not the awaited callback. Nothing of the request is repeated. */
export const VIEWS = {
  nothingHere: {
    tone: 'waiting',
    title: 'Nothing here',
    lead: 'This address only receives sign-in responses. Continue in the tab that asks for your consent.',
  },
  malformed: {
    tone: 'waiting',
    title: 'That response was malformed',
    lead: 'It was damaged or too long. Nothing was changed, and the sign-in still waits.',
  },
  over: {
    tone: 'failure',
    title: 'This sign-in is over',
    lead: 'It was already completed with a different response. Nothing was changed.',
    lines: [CLOSE_TAB],
  },
  headersTooLarge: {
    tone: 'waiting',
    title: 'Too many cookies',
    lead: 'Other programs on this computer have set so many cookies for this host that your browser’s request was too large.',
    lines: [{ icon: 'renew', text: 'Delete this host’s cookies, then open the link in your terminal again.' }],
  },
  otherBrowser: {
    tone: 'waiting',
    title: 'Finish in the browser you started with',
    lead: 'This response came from another browser, so it was ignored.',
    otherBrowser: true,
    // No button: it could lead the wrong person on.
    lines: [
      { icon: 'clock', text: 'Nothing was changed. The sign-in still waits.' },
      { icon: 'tab', text: 'Didn’t start a sign-in? Close this tab.' },
    ],
  },
  otherUser: {
    tone: 'failure',
    title: 'This belongs to another user',
    lead: 'Another user of this computer started it. Nothing was changed.',
    lines: [CLOSE_TAB],
  },
  broken: {
    tone: 'failure',
    title: 'Something went wrong',
    lead: 'fitbit-login could not handle this request. Your terminal shows whether the sign-in still waits.',
  },
  keyNeeded: {
    tone: 'failure',
    title: 'This link has already been used',
    lead: 'It works once, and only in the browser that opened it.',
    lines: [
      { icon: 'terminal', text: 'To open the page here, run the command again.' },
      { icon: 'triangle', text: 'If you didn’t open it, someone else on this computer did: press Ctrl-C.' },
    ],
  },
  formExpired: {
    tone: 'failure',
    title: 'Nothing changed',
    lead: 'This form has expired. Go back, reload the page, and try again.',
  },
  stopped: {
    tone: 'success',
    title: 'fitbit-login has stopped',
    lead: 'Everything stored stays as it is.',
    lines: [CLOSE_TAB],
  },
} as const satisfies Record<string, View>;

/** Shown until the provider's page has loaded. */
export function leavingView({ host, url, forwarded }: Departure): View {
  const provider = /(^|\.)google\.com$/.test(host) ? 'Google' : /(^|\.)fitbit\.com$/.test(host) ? 'Fitbit' : host;
  return {
    tone: 'success',
    title: forwarded === undefined ? `Taking you to ${provider}…` : `Forward a port, then continue to ${provider}`,
    leaving: { label: `Continue to ${host}`, url },
    ...(forwarded !== undefined && { lines: forwardLines(forwarded) }),
  };
}

/** fitbit-login seems to run on another computer than the browser. */
function forwardLines(address: string): readonly IconLine[] {
  const port = address.replace(/.*:/, '');
  return [
    { icon: 'tab', text: `The sign-in begins and ends at ${address}, on the computer that runs fitbit-login.` },
    {
      icon: 'terminal',
      text: `From another computer, first forward that port: ssh -N -L ${port}:${address} and its name.`,
    },
    { icon: 'notice', text: 'Or run fitbit-login login there, and paste the URL that you end up on.' },
  ];
}

export const NOT_MOVING = 'Not moving?';

/** The results of a sign-in. */
export const RESULT = {
  signedIn: 'You’re signed in',
  signedInUntil: (when: string) => `You’re signed in until ${when}`,
  notGranted: (names: readonly string[]) =>
    `Signed in, but ${sentenceList(names)} ${names.length === 1 ? 'was' : 'were'} not granted`,
  withProblem: 'Signed in, with one problem',
  you: 'Your account',
  simulated: (provider: string) => `Simulated ${provider}`,
  sandbox: 'Sandbox',
  madeUp: (profile: string) => `Made-up data, kept in the profile ${profile}.`,
  renews: 'Your access renews automatically.',
  limited: (provider: string, days: number) =>
    `${provider} limited this sign-in to ${days} ${days === 1 ? 'day' : 'days'}.`,
  publish: [' To stay signed in, ', 'publish your app', ', then sign in again.'],
  noRefreshToken: (provider: string) => `${provider} issued no refresh token, so sign in again when it expires.`,
  works: (names: readonly string[]) =>
    names.length === 0
      ? 'Nothing can be read yet.'
      : `${sentenceList(names)} ${names.length === 1 ? 'works' : 'work'}.`,
  replaced: (who: string) => `This profile previously belonged to ${who}.`,
  next: 'Next, get a token in your terminal',
  add: (names: readonly string[]) =>
    `To add ${sentenceList(names)}, sign in again and tick ${names.length === 1 ? 'its box' : 'their boxes'}`,
  tryAgain: 'To try again',
  declinedBy: (provider: string) => `${provider} reports that you didn’t allow access.`,
  kept: 'Your earlier sign-in still works.',
  nothingSaved: 'Nothing was saved.',
  wrongSecret: 'It doesn’t belong to this client ID.',
  notSignedIn: 'You’re not signed in',
  tooLate: {
    title: 'Too late',
    lead: 'This sign-in timed out or was cancelled, so the response was ignored.',
  },
  facts: {
    canRead: 'Can read',
    notGranted: 'Not granted',
    profile: 'Profile',
    storedIn: 'Stored in',
    userId: 'User ID',
    app: 'App',
    renewal: 'Next renewal',
    until: 'Expires',
    sandbox: 'Sandbox',
    code: 'Error code',
    hint: 'What helps',
  },
} as const;

/** Titles of failures, by error code. `provider` is as people call it: "Google". */
export const FAILURE_TITLES: Readonly<Record<string, (provider: string) => string>> = {
  DENIED: () => 'Access was declined',
  TIMED_OUT: () => 'Sign-in timed out',
  CANCELLED: () => 'Sign-in cancelled',
  CLIENT_REJECTED: (provider) => `${provider} rejected the client secret`,
  SCOPE_REJECTED: (provider) => `${provider} rejected a scope`,
  REQUEST_REJECTED: (provider) => `${provider} rejected the request`,
  UNAVAILABLE: (provider) => `${provider} can’t be reached`,
  RATE_LIMITED: (provider) => `${provider} is limiting requests`,
  NETWORK_BLOCKED: () => 'The network is in the way',
  PORT_BUSY: () => 'The port is in use',
  LISTEN_FAILED: () => 'The sign-in can’t be received',
  STORE_UNAVAILABLE: () => 'Your tokens couldn’t be saved',
  STORE_DAMAGED: () => 'The stored profile is damaged',
  LOCKED: () => 'Another fitbit-login is busy',
};

const lastWorked = (when: string | undefined) => (when === undefined ? '' : ` It last worked ${when}.`);

/** Responses that are not the awaited one; the sign-in still waits. */
export const UNEXPECTED_RESPONSE = {
  title: 'Still waiting',
  lead: 'This wasn’t the response to this sign-in, so it was ignored.',
  continue: 'Nothing was changed. Finish on the provider’s page.',
  reasons: {
    'repeated-parameter': 'It repeats a parameter.',
    'no-state': 'It doesn’t belong to this sign-in. Pressed Deny? Press Ctrl-C in the terminal.',
    'wrong-state': 'It belongs to another sign-in, perhaps in another tab.',
    'other-issuer': 'It comes from a different provider.',
    'no-answer': 'It holds neither a code nor an error.',
  },
} as const;

export const STATUS = {
  tab: 'Sign-ins',
  allWell: 'All well',
  allWellLead: 'Your scripts get a token whenever they ask.',
  needYou: (count: number, all: number) =>
    all === 1 ? 'It needs you' : `${count} of ${all} ${count === 1 ? 'needs' : 'need'} you`,
  add: 'Add account',
  addShort: 'Add',
  filter: 'Filter',
  noMatch: 'No account matches.',
  emptyTitle: 'No sign-ins yet',
  emptyLead: 'Sign in once, and your scripts always get a working token.',
  trySandbox: 'Try it in the sandbox',
  groups: { problem: 'Needs you', well: 'All well' },
  profile: (name: string) => `profile ${name}`,
  fold: 'History and details',
  canRead: 'Can read',
  couldRead: 'Could read',
  nothing: 'Nothing',
  needsYou: 'Needs you',
  never: 'Never, it renews automatically',
  until: (when: string) => `${capitalized(when)}, when it expires`,
  lastRenewed: 'Last renewed',
  signedIn: 'Signed in',
  noHistory: 'No history yet.',
  readableByYou: 'readable only by you',
  readableByOthers: 'other users can read it; the next change fixes that',
  lost: 'fitbit-login has stopped. This page shows what was known before; run the command again.',
  updated: 'Page updated.',
  states: {
    well: 'Signed in',
    none: 'Not signed in',
    ended: 'Sign-in ended',
    expires: (when: string) => `Expires ${when}`,
    missing: (names: readonly string[]) => `${names.length === 1 ? names[0] : `${names.length} scopes`} not granted`,
    damaged: 'Can’t be read',
  },
  problems: {
    none: 'No one has signed in with this profile yet.',
    dead: (provider: string, worked?: string) => `${provider} says it expired or was revoked.${lastWorked(worked)}`,
    noRefreshToken: (worked?: string) => `It expired and can’t renew itself.${lastWorked(worked)}`,
    expires: (when: string) => `This sign-in expires ${when}. Sign in again before then.`,
    missing: (names: readonly string[]) => `Everything else works. ${RESULT.add(names)}.`,
    sandbox: 'This sandbox may no longer be running.',
  },
  actions: {
    check: 'Check now',
    signIn: 'Sign in again',
    signInFirst: 'Sign in',
    addScopes: (names: readonly string[]) => `Add ${names.length === 1 ? names[0] : 'scopes'}`,
    signOut: 'Sign out…',
    everywhere: 'Sign out everywhere',
    revoke: 'Sign out',
    forget: 'Delete only here',
  },
  sure: {
    nothing: 'The profile is deleted from this computer.',
    revokes: (provider: string, who: string) => `${provider} revokes this sign-in of ${who}.`,
    deleted: 'The tokens here are deleted.',
  },
  results: {
    works: (provider: string) => `${provider} says that it works.`,
    renewed: 'It was renewed just now, so it works.',
    limit: (left: number, limit: number, seconds: number) =>
      ` ${left} of ${limit} requests are left; the limit resets in ${seconds} seconds.`,
    signedOut: (who: string) => `${who} is signed out. The tokens were revoked and deleted.`,
    deleted: (who: string) => `The tokens of ${who} were deleted here. They were not revoked.`,
  },
  history: {
    sign_in: 'Signed in',
    sign_in_failed: 'Sign-in failed',
    refresh: 'Renewed',
    refresh_failed: 'Renewal failed',
    import: 'Imported',
    export_failed: 'Export failed',
    sign_out: 'Signed out',
  },
  unknown: 'Unknown provider',
  back: 'Back to your sign-ins',
} as const;

export const SETUP = {
  title: 'Connect your health data',
  leads: {
    google: 'Google shares it only with an app of your own. Registering one is free, and you do it once.',
    fitbit: 'Use an app you registered before. Fitbit planned to end this sign-in on 2 November 2026.',
  },
  provider: 'Service',
  options: {
    'google-health': ['Google Health', 'For all new apps'],
    fitbit: ['Fitbit', 'For existing apps'],
  },
  open: 'Open',
  steps: {
    enable: ['Turn on the Google Health API', 'Choose or create a project, then press Enable.'],
    branding: ['Name your app', 'Press Get started: any name, your email, audience External.'],
    client: ['Create a client', 'Choose Desktop app, then Download JSON. It’s offered only once.'],
    file: ['Drop the file on this page', 'It holds your app’s ID and secret, and stays on this computer.'],
    scopes: ['Add the data', 'Under Manually add scopes, paste the list.'],
    publish: ['Publish the app', 'Otherwise Google ends the sign-in after 7 days.'],
    'fitbit-app': ['Open your app', 'Sign in to dev.fitbit.com and choose your app.'],
    'fitbit-uri': ['Register this redirect URI', 'It has to match exactly.'],
  },
  copyList: 'Copy list',
  paused: 'Google paused new projects in October 2026. If step 1 is refused, try again later.',
  drop: 'Drop the downloaded file anywhere',
  choose: ['or ', 'choose it'],
  paste: 'Paste the contents of the downloaded file',
  dropping: ['Drop the file to use it', 'It stays on this computer'],
  look: 'Look in Downloads',
  noneFound: 'No client file from the last hour is in Downloads.',
  found: (minutes: number) => `Found in Downloads, ${minutes < 1 ? 'just now' : `${minutes} min old`}`,
  use: 'Use it',
  replace: 'Replace',
  fileTitle: (type: string, project: string | undefined) =>
    project === undefined ? type : `${type} · project ${project}`,
  clientTypes: { desktop: 'Desktop app', web: 'Web client', other: 'Client file' },
  byHand: 'Enter by hand',
  clientId: 'Client ID',
  recognised: { 'google-health': 'Google client', fitbit: 'Fitbit app' },
  clientSecret: 'Client secret',
  secretStored: 'Stored only on this computer.',
  secretKept: 'One is stored. Leave this empty to keep it.',
  secretForgotten: 'Enter it again; it isn’t remembered.',
  secretNone: 'Leave empty if the app has none.',
  lostSecret: ['Lost it? ', 'Add a new secret to the client', '.'],
  web: 'It’s a Web client',
  redirectUri: 'Redirect URI',
  redirectUriHint: 'Register exactly this one.',
  otherUri: 'Registered a different redirect URI?',
  asks: 'Will ask to read',
  change: 'Change…',
  done: 'Done',
  write: 'Also add or change data',
  warning: ['Google will warn that the app is unverified.', ' It’s yours: choose Advanced, then Go to ', ' (unsafe).'],
  yourApp: 'your app',
  sketch: { advanced: 'Advanced', goTo: (app: string) => `Go to ${app}` },
  continueTo: { 'google-health': 'Continue to Google', fitbit: 'Continue to Fitbit' },
  tryAgain: 'Try again',
  looking: ['Just looking? ', 'Try it in the sandbox'],
  keptRest: 'Everything else was kept.',
  errors: {
    noClient: 'Drop the downloaded file first, or enter the ID by hand.',
    noClientId: 'Enter the client ID.',
    notAscii: 'It contains only ASCII characters and no spaces. Copy it again.',
    noScopes: 'Select at least one.',
    secretAgain: 'Enter it again, or drop a new file.',
    secretRejected: (provider: string) => `${provider} rejected the client secret.`,
    file: 'This isn’t a client file. Download the JSON again from the Clients page.',
  },
  fix: 'Change the app',
} as const;

/** Scopes in plain words, in the order of their interest. Google Health's by the stem of their names. */
const SCOPE_LABELS: Readonly<Record<string, string>> = {
  activity: 'Activity',
  activity_and_fitness: 'Activity',
  heartrate: 'Heart rate',
  health_metrics_and_measurements: 'Heart and body',
  sleep: 'Sleep',
  profile: 'Profile',
  weight: 'Weight',
  nutrition: 'Nutrition',
  ecg: 'ECG',
  electrocardiogram: 'ECG',
  irn: 'Irregular rhythm',
  irregular_rhythm_notifications: 'Irregular rhythm',
  location: 'Workout location',
  settings: 'Devices, settings',
  oxygen_saturation: 'Blood oxygen',
  respiratory_rate: 'Breathing rate',
  temperature: 'Temperature',
  cardio_fitness: 'Cardio fitness',
  social: 'Friends',
};
const SCOPE_ORDER = Object.keys(SCOPE_LABELS);
const IDENTITY_SCOPES: ReadonlySet<string> = new Set(['openid', 'email']);

/** A scope in plain words; its own name if it is not known. */
export function scopeLabel(scope: string): string {
  const { stem, access, name } = partsOf(scope);
  const words = SCOPE_LABELS[stem] ?? name;
  return access === 'writeonly' ? `${words} (add)` : words;
}

/** The names of scopes in plain words, without those that only identify the account. */
export function scopeLabels(scopes: readonly string[]): readonly string[] {
  return scopes
    .filter((scope) => !IDENTITY_SCOPES.has(partsOf(scope).name))
    .sort(byInterest)
    .map(scopeLabel);
}

/** The order in which people look for scopes. */
export function byInterest(a: string, b: string): number {
  const rank = (scope: string) => SCOPE_ORDER.indexOf(partsOf(scope).stem) >>> 0;
  return rank(a) - rank(b) || a.localeCompare(b);
}

function partsOf(scope: string) {
  const name = scope.slice(scope.lastIndexOf('/') + 1).replace(/^googlehealth\.|^userinfo\./, '');
  const [stem = name, access] = name.split('.');
  return { name, stem, access };
}

/** "Activity, heart and body, sleep, profile"; of many, the first three and how many more. */
export function shortList(names: readonly string[], most = 5): string {
  const shown = names.length > most ? names.slice(0, 3) : names;
  const more = names.length - shown.length;
  return inSentence(shown).join(', ') + (more === 0 ? '' : ` and ${more} more`);
}

/** "Activity, heart and body, and sleep". */
function sentenceList(names: readonly string[]): string {
  const words = inSentence(names);
  const last = words.at(-1) ?? '';
  if (words.length < 2) return last;
  return words.length === 2 && !words.some((one) => one.includes(' and '))
    ? `${words[0]} and ${last}`
    : `${words.slice(0, -1).join(', ')}, and ${last}`;
}

/** Only the first keeps its capital, unless it is an abbreviation. */
function inSentence(names: readonly string[]): readonly string[] {
  return names.map((name, index) =>
    index === 0 || /^[A-Z]{2}/.test(name) ? name : name.charAt(0).toLowerCase() + name.slice(1),
  );
}

const DAY_MS = 86_400_000;

/**
 * A time in the machine's own zone, which it names, within a sentence: "today, 15:50 CET", "23 Nov, 06:00 CET", "20 May 2026, 10:12
 * CEST". Without `now` always with the year.
 */
export function formatDateTime(date: Date, now?: Date): string {
  const far = now === undefined || Math.abs(date.getTime() - now.getTime()) > 150 * DAY_MS;
  const today = date.toDateString() === now?.toDateString();
  const day = today ? 'today' : formatDay(date, { month: 'short', ...(far && { year: 'numeric' }) });
  const time = date.toLocaleTimeString(LOCALE, { hour: '2-digit', minute: '2-digit', timeZoneName: 'short' });
  return `${day}, ${time}`;
}

/** The same after a verb: "today, 15:50 CET", "on 23 Nov, 06:00 CET". */
export function onDateTime(date: Date, now: Date): string {
  const when = formatDateTime(date, now);
  return when.startsWith('today') ? when : `on ${when}`;
}

/** For what begins a line or a cell. */
export function capitalized(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** "4 December". */
export function formatDay(date: Date, options: Intl.DateTimeFormatOptions = { month: 'long' }): string {
  return date.toLocaleDateString(LOCALE, { day: 'numeric', ...options });
}

/** Text of the terminal's kind on a page: typographic, without the backticks around commands. */
export function typographic(text: string): string {
  return text
    .replaceAll('`', '')
    .replaceAll(/(\w)'(\w)/g, '$1’$2')
    .replaceAll(/"([^"]*)"/g, '“$1”')
    .replaceAll('...', '…');
}
