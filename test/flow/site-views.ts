import { readClientFile, setupErrors, setupView } from '../../src/auth/setup-form.ts';
import { AuthError } from '../../src/errors.ts';
import type { SetupView } from '../../src/server/pages/setup.ts';
import type { ProfileCard } from '../../src/server/pages/status.ts';
import { clientFile } from './google.ts';

const FRESH_PAGE = { stored: undefined, errors: [], failed: false } as const;

/** The setup page at first use. */
export const SETUP: SetupView = setupView(FRESH_PAGE);

/** Fitbit chosen, and as much wrong as can be. */
export const SETUP_WRONG: SetupView = {
  ...SETUP,
  provider: 'fitbit',
  clientId: '23ABCD',
  redirectUri: 'http://127.0.0.1:9000/cb',
  errors: [
    { field: 'clientSecret', text: 'A client secret contains no spaces.' },
    { field: 'scopes', text: 'Select at least one.' },
    { field: 'redirectUri', text: 'Another program uses 127.0.0.1:9000.' },
  ],
};

/** A file was dropped, and its secret turned out to be wrong. */
export const SETUP_REJECTED: SetupView = setupView({
  ...FRESH_PAGE,
  file: readClientFile(
    clientFile('installed'),
    'client_secret_406123456789-my1notebook.apps.googleusercontent.com.json',
  ),
  failed: true,
  errors: setupErrors(
    new AuthError('CLIENT_REJECTED', 'Not this client secret.', { details: { provider_error: 'invalid_client' } }),
    'google-health',
  ),
});

export const SETUP_FOUND: SetupView = setupView({
  ...FRESH_PAGE,
  download: { name: 'client_secret_406123456789-my1notebook.apps.googleusercontent.com.json', minutes: 2 },
});

export const WELL: ProfileCard = {
  profile: 'default',
  account: 'WALK01',
  provider: 'Fitbit',
  state: 'well',
  words: 'Signed in',
  facts: [
    { label: 'Can read', value: 'Activity, heart rate, sleep' },
    { label: 'Needs you', value: 'Never, it renews automatically' },
  ],
  history: [
    { when: 'Today, 06:42 UTC', words: 'Renewed', ok: true },
    { when: 'Today, 06:30 UTC', words: 'Renewal failed: Fitbit did not answer within 10 seconds.', ok: false },
  ],
  details: [
    { label: 'App', value: '23ABCD', code: true },
    {
      label: 'Stored in',
      value: '/home/you/.config/fitbit-login/profiles/default.json',
      code: true,
      after: ', readable only by you',
    },
  ],
  canCheck: true,
  signOut: {},
};

export const MISSING: ProfileCard = {
  ...WELL,
  profile: 'work',
  account: 'sam@example.com',
  state: 'missing',
  words: 'Sleep not granted',
  problem: { text: 'Everything else works. To add Sleep, sign in again and tick its box.', button: 'Add Sleep' },
};

export const ENDED: ProfileCard = {
  ...WELL,
  profile: 'a-very-long-name-of-a-profile-0001',
  account: 'a.person.with.a.very.long.address@an-even-longer-host-name.example.org',
  provider: 'Google Health',
  state: 'ended',
  words: 'Sign-in ended',
  problem: {
    text: 'Google says it expired or was revoked. It last worked on 23 Nov, 06:00 CET.',
    button: 'Sign in again',
  },
  canCheck: false,
  signOut: { ends: 'Google ends it on all computers.' },
};

export const DAMAGED: ProfileCard = {
  profile: 'broken',
  account: 'broken',
  provider: 'Unknown provider',
  state: 'damaged',
  words: 'Can’t be read',
  problem: { text: 'The profile is damaged. Fix or move the file.' },
  facts: [],
  history: [],
  details: [{ label: 'Stored in', value: '/home/you/.config/fitbit-login/profiles/broken.json', code: true }],
  canCheck: false,
};

export const MANY: readonly ProfileCard[] = Array.from({ length: 12 }, (_, index) => ({
  ...(index % 5 === 3 ? MISSING : WELL),
  profile: `study-${String(index + 1).padStart(2, '0')}`,
  account: `participant${index + 1}@example.com`,
}));
