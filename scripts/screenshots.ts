/**
 * `npm run screenshots [NAME…]`: every page and state, in light and dark at three widths, into .screenshots/, to be looked at beside
 * their design. Says so where a page is wider than its window.
 */
import { mkdir } from 'node:fs/promises';
import process from 'node:process';
import { type HistoryEvent, profileCard } from '../src/auth/profile-card.ts';
import { failedView, signedInView, tooLateView, unexpectedRequestView } from '../src/auth/result-view.ts';
import { readClientFile, setupErrors, setupView } from '../src/auth/setup-form.ts';
import type { SignIn } from '../src/auth/status.ts';
import { AuthError } from '../src/errors.ts';
import { googleHealth } from '../src/providers/google-health.ts';
import { resultPage } from '../src/server/pages/result.ts';
import { type SetupForm, setupPage } from '../src/server/pages/setup.ts';
import { statusPage } from '../src/server/pages/status.ts';
import { leavingView, VIEWS } from '../src/server/pages/texts.ts';
import type { Shell } from '../src/server/pages/view.ts';
import { launch, skipWithoutBrowser } from '../test/browser/browser.ts';

const FOLDER = '.screenshots';
const WIDTHS = [1280, 768, 360];
const SCHEMES = ['light', 'dark'] as const;
const ADDRESS = 'http://page.test/';

process.env.TZ = 'Europe/Berlin';
const NOW = new Date('2026-11-27T15:00:00Z');
const hours = (count: number) => new Date(NOW.getTime() + count * 3_600_000);
const scope = (stem: string) => `https://www.googleapis.com/auth/googlehealth.${stem}.readonly`;
const SLEEP = scope('sleep');
const OTHERS = ['activity_and_fitness', 'health_metrics_and_measurements', 'profile'].map(scope);

const DONE: SignIn & { readonly email: string } = {
  profile: 'default',
  provider: 'google-health',
  providerName: 'Google Health',
  clientId: '406123456789-my1notebook.apps.googleusercontent.com',
  session: { kind: 'valid', secondsLeft: 3000 },
  email: 'walker@example.com',
  userId: '1622267716157250136',
  scopes: [...OTHERS, SLEEP],
  missingScopes: [],
  refreshable: true,
  obtainedAt: hours(-0.2),
  expiresAt: hours(0.8),
  location: '/home/you/.config/fitbit-login/profiles/default.json',
  revocationEnds: googleHealth().revocationEnds ?? '',
};
type More = Partial<typeof DONE>;

const event = (ago: number, kind: HistoryEvent['kind']): HistoryEvent => ({
  at: hours(-ago),
  kind,
  message: 'Google has ended this sign-in.',
  ok: !kind.endsWith('failed'),
});
const HISTORY = [event(0.2, 'refresh'), event(1.2, 'refresh'), event(30, 'sign_in')];
const card = (more: More = {}, history: readonly HistoryEvent[] = HISTORY) =>
  profileCard({ ...DONE, ...more }, { history, readableByOthers: false, now: NOW });
const ENDED = card({ profile: 'ana', email: 'ana@example.com', session: { kind: 'dead', since: hours(-20) } }, [
  event(20, 'refresh_failed'),
  event(106, 'refresh'),
  event(4500, 'sign_in'),
]);
const MISSING = { scopes: OTHERS, missingScopes: [SLEEP] };
const THREE = [card(), ENDED, card({ profile: 'partner', email: 'sam@example.com', ...MISSING })];
const EXPIRING = card({ profile: 'study-02', email: 'ben@example.com', refreshExpiresAt: hours(40) });
const many = (count: number) =>
  Array.from({ length: count }, (_, at) =>
    card({ profile: `study-${at + 3}`, email: `participant${at + 3}@example.com` }),
  );

const SHELL: Shell = { csrf: '', ticks: new Set() };
const HALF: Shell = { ...SHELL, ticks: new Set(['enable', 'branding', 'client']) };
const FIRST = { stored: undefined, errors: [], failed: false } as const;
const NAME = 'client_secret_406123456789-my1notebook.apps.googleusercontent.com.json';
const installed = { client_id: DONE.clientId, client_secret: 'secret', project_id: 'my-notebook' };
const FILE = readClientFile(JSON.stringify({ installed }), NAME);
const FORM: SetupForm = {
  action: 'continue',
  provider: 'google-health',
  clientId: DONE.clientId,
  clientSecret: '',
  clientFile: '',
  clientFileName: '',
  scopes: new Map(),
  redirectUri: '',
};
const rejected = setupErrors(
  new AuthError('CLIENT_REJECTED', 'Not this client secret.', { details: { provider_error: 'invalid_client' } }),
  'google-health',
);

const result = (more: More = {}) => resultPage(signedInView({ ...DONE, ...more }, NOW));
const kept = { preserved: 'Your earlier sign-in still works.' };
const failed = (error: AuthError) => failedView(error, { provider: 'Google' });
const status = (profiles: Parameters<typeof statusPage>[0]['profiles'], shell = SHELL) =>
  statusPage({ profiles }, shell);
const setup = (more: Partial<Parameters<typeof setupView>[0]> = {}, shell = SHELL) =>
  setupPage(setupView({ ...FIRST, ...more }), shell);

const UNFOLD = `for (const fold of document.querySelectorAll('.fold')) fold.open = true`;

/** Each page, and what is done to it before the picture. */
const PAGES: Readonly<Record<string, readonly [html: string, script?: string]>> = {
  'result-success': [result()],
  'result-success-details': [result(), UNFOLD],
  'result-success-expires': [result({ refreshExpiresAt: hours(7 * 24) })],
  'result-success-missing-scope': [result(MISSING)],
  'result-success-sandbox': [result({ sandbox: 'http://127.0.0.1:8977', profile: 'sandbox' })],
  'result-failed-denied': [resultPage(failed(new AuthError('DENIED', 'Denied.', kept)))],
  'result-failed-secret': [
    resultPage({
      ...failed(
        new AuthError('CLIENT_REJECTED', 'Not this client secret.', {
          preserved: 'Everything else was kept.',
          details: { provider_error: 'invalid_client' },
        }),
      ),
      button: { label: 'Fix the client secret', url: '#' },
    }),
  ],
  'result-failed-disk': [resultPage(failed(new AuthError('STORE_UNAVAILABLE', 'The disk is full.', kept)))],
  'result-otherbrowser': [resultPage(VIEWS.otherBrowser)],
  'result-unexpected': [resultPage(unexpectedRequestView('no-state'))],
  'result-too-late': [resultPage(tooLateView())],
  leaving: [resultPage(leavingView({ url: 'https://accounts.google.com/', host: 'accounts.google.com' }))],
  ...Object.fromEntries(Object.entries(VIEWS).map(([name, view]) => [`view-${name}`, [resultPage(view)] as const])),
  'setup-start': [setup()],
  setup: [setup({ download: { name: NAME, minutes: 2 } }, HALF)],
  'setup-file': [setup({ file: FILE }, HALF)],
  'setup-drag': [setup(), `document.querySelector('.over').hidden = false`],
  'setup-by-hand': [setup({ form: FORM }, HALF)],
  'setup-scopes': [setup({ file: FILE }, HALF), `document.querySelector('.asks details').open = true`],
  'setup-error': [setup({ file: FILE, failed: true, errors: rejected }, HALF)],
  'setup-fitbit': [setup({ form: { ...FORM, provider: 'fitbit', clientId: '23ABCD' } })],
  'status-one': [status([card()])],
  'status-one-details': [status([card()]), UNFOLD],
  'status-sign-out': [status([card()]), `document.querySelector('.ask').open = true`],
  'status-notice': [
    status(THREE, { ...SHELL, notice: { tone: 'success', text: 'Google says that it works.', profile: 'default' } }),
  ],
  'status-three': [status(THREE)],
  'status-twelve': [status([...THREE, EXPIRING, ...many(8)]), `document.querySelector('.row').open = true`],
  'status-hundred': [status([...THREE, EXPIRING, ...many(96)])],
  'status-empty': [status([])],
};

if (skipWithoutBrowser) process.exit(1);
await mkdir(FOLDER, { recursive: true });
await using browser = await launch();
const page = await browser.context.newPage();
let body = '';
await page.route(ADDRESS, (route) => route.fulfill({ contentType: 'text/html', body }));
// What a page in sight asks for stays open, so that nothing changes.
await page.route(`${ADDRESS}*`, (route) => (route.request().url() === ADDRESS ? route.fallback() : undefined));
const wanted = process.argv.slice(2);
for (const [name, [html, script]] of Object.entries(PAGES)) {
  if (wanted.length > 0 && !wanted.some((start) => name.startsWith(start))) continue;
  body = html;
  for (const width of WIDTHS) {
    await page.setViewportSize({ width, height: 720 });
    await page.goto(ADDRESS);
    if (script !== undefined) await page.evaluate(script);
    if (Number(await page.evaluate('document.documentElement.scrollWidth')) > width)
      console.warn(`${name} is wider than ${width} px.`);
    for (const colorScheme of SCHEMES) {
      await page.emulateMedia({ colorScheme });
      await page.screenshot({
        path: `${FOLDER}/${name}-${colorScheme}-${width}.png`,
        fullPage: true,
        animations: 'disabled',
      });
    }
  }
}
