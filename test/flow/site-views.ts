import type { ProfileCard, SetupView } from '../../src/server/pages/site-view.ts';

/** The fixed clock of the pages. */
export const NOW = new Date('2026-03-02T09:30:00Z');

const HOUR = 3_600_000;
const after = (hours: number) => new Date(NOW.getTime() + hours * HOUR);

export const SETUP: SetupView = {
  redirectUris: ['http://127.0.0.1:8976/callback', 'http://localhost:8976/callback'],
  redirectUri: '',
  clientId: '',
  hasSecret: false,
  providers: [
    {
      id: 'fitbit',
      name: 'Fitbit',
      clientIdPattern: '^[0-9A-Z]{6}$',
      registration: [
        'Sign in at dev.fitbit.com and choose “Register an app”.',
        'Choose the type “Personal”, so that it may read your own data in full.',
        'Enter the redirect URI below, save, and copy the client id and the client secret.',
      ],
      scopes: [
        { name: 'activity', words: 'Steps, distance and exercise', ticked: true },
        { name: 'heartrate', words: 'Heart rate', ticked: true },
        { name: 'location', words: 'GPS tracks of exercises', ticked: false },
        { name: 'sleep', words: 'Sleep', ticked: true },
        { name: 'weight', words: 'Weight and body fat', ticked: false },
      ],
    },
    {
      id: 'google-health',
      name: 'Google Health',
      clientIdPattern: '^[\\w-]+\\.apps\\.googleusercontent\\.com$',
      registration: [
        'Create a project at console.cloud.google.com and turn on the Google Health API.',
        'Add an OAuth client and download its JSON.',
      ],
      scopes: [
        {
          name: 'https://www.googleapis.com/auth/googlehealth.sleep.readonly',
          words: 'Sleep',
          ticked: true,
        },
        {
          name: 'https://www.googleapis.com/auth/googlehealth.activity_and_fitness.readonly',
          words: 'Activity and fitness',
          ticked: true,
        },
      ],
    },
  ],
  errors: [],
  notices: [
    'Fitbit’s own sign-in was scheduled to end on 2026-11-02, and new apps belong with Google Health. An app that was registered with Fitbit before works here for as long as Fitbit answers.',
  ],
};

/** The setup page as it comes back when almost everything was wrong. */
export const SETUP_WRONG: SetupView = {
  ...SETUP,
  clientId: '23ABCD',
  provider: 'fitbit',
  redirectUri: 'http://127.0.0.1:9000/cb',
  errors: [
    { field: 'clientSecret', text: 'Fitbit does not know this client id with this secret.' },
    { field: 'clientFile', text: 'The file holds no client id.' },
    { field: 'scopes', text: 'Tick at least one: without any there is nothing to read.' },
    { field: 'redirectUri', text: 'Another program holds 127.0.0.1:9000.' },
    { field: 'form', text: 'The provider could not be reached.' },
  ],
};

export const FRESH: ProfileCard = {
  name: 'default',
  provider: 'Fitbit',
  account: 'WALK01',
  app: '23ABCD',
  tone: 'success',
  state: 'Signed in',
  scopes: [
    { name: 'activity', words: 'Steps, distance and exercise' },
    { name: 'heartrate', words: 'Heart rate' },
    { name: 'sleep', words: 'Sleep' },
    { name: 'custom' },
  ],
  missingScopes: [],
  life: { obtainedAt: after(-2.8), expiresAt: after(5.2) },
  grantEnds: after(24 * 90),
  history: [
    { at: after(-2.8), words: 'Access token refreshed', ok: true },
    { at: after(-3), words: 'Refresh failed: Fitbit did not answer within 10 seconds.', ok: false },
    { at: after(-30), words: 'Signed in', ok: true },
  ],
  file: '/home/you/.config/fitbit-login/profiles/default.json',
  fileMode: '0600',
  refreshable: true,
  facts: [{ label: 'Rate limit', value: '142 of 150 requests left' }],
};

export const STALE: ProfileCard = {
  ...FRESH,
  name: 'work',
  tone: 'warning',
  state: 'Access token ended',
  sandbox: 'http://127.0.0.1:8975',
  life: { obtainedAt: after(-10), expiresAt: after(-2) },
  missingScopes: ['weight'],
  problem: { text: 'The access token has ended. The next script that asks refreshes it.', action: 'refresh' },
};

export const DEAD: ProfileCard = {
  ...FRESH,
  name: 'a-very-long-name-of-a-profile-that-somebody-thought-would-be-a-good-idea-0001',
  tone: 'failure',
  state: 'Access token ended',
  account: 'a.person.with.a.very.long.address@an-even-longer-host-name.example.org',
  life: { obtainedAt: after(-10), expiresAt: after(-2) },
  problem: { text: 'Fitbit no longer accepts this sign-in. Only a new sign-in helps.', action: 'sign-in' },
};

export const DAMAGED: ProfileCard = {
  name: 'broken',
  provider: 'unknown',
  app: 'unknown',
  scopes: [],
  missingScopes: [],
  tone: 'failure',
  state: 'Cannot be read',
  problem: { text: 'The file is damaged. Mend it, or move it away and sign in again.' },
  history: [],
  file: '/home/you/.config/fitbit-login/profiles/broken.json',
  refreshable: false,
};

export const MANY: readonly ProfileCard[] = Array.from({ length: 12 }, (_, index) => ({
  ...(index % 5 === 3 ? STALE : FRESH),
  name: `participant-${String(index + 1).padStart(2, '0')}`,
}));
