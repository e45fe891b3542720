/** `npm run pictures`: the README's picture, the page after a sign-in, in light and dark and no larger than its content. */
import process from 'node:process';
import { signedInView } from '../src/auth/result-view.ts';
import { resultPage } from '../src/server/pages/result.ts';
import { launch, skipWithoutBrowser } from '../test/browser/browser.ts';

const ADDRESS = 'http://page.test/';
const WIDTH = 640;
const MARGIN = 12;

if (skipWithoutBrowser) process.exit(1);
process.env.TZ = 'UTC';
const now = new Date('2026-11-27T15:00:00Z');
const readable = ['activity_and_fitness', 'health_metrics_and_measurements', 'sleep', 'profile'];
const body = resultPage(
  signedInView(
    {
      profile: 'default',
      provider: 'google-health',
      providerName: 'Google Health',
      clientId: '406123456789-my1notebook.apps.googleusercontent.com',
      session: { kind: 'valid', secondsLeft: 3600 },
      email: 'walker@example.com',
      scopes: readable.map((stem) => `https://www.googleapis.com/auth/googlehealth.${stem}.readonly`),
      missingScopes: [],
      refreshable: true,
      obtainedAt: now,
      expiresAt: new Date(now.getTime() + 3_600_000),
      location: '/home/you/.config/fitbit-login/profiles/default.json',
    },
    now,
  ),
);

await using browser = await launch({ viewport: { width: WIDTH, height: 720 }, deviceScaleFactor: 2 });
const page = await browser.context.newPage();
await page.route(ADDRESS, (route) => route.fulfill({ contentType: 'text/html; charset=utf-8', body }));
await page.goto(ADDRESS);
for (const colorScheme of ['light', 'dark'] as const) {
  await page.emulateMedia({ colorScheme });
  const card = await page.locator('.card').boundingBox();
  if (card === null) throw new Error('The page has no card.');
  const clip = {
    x: card.x - MARGIN,
    y: card.y - MARGIN,
    width: card.width + 2 * MARGIN,
    height: card.height + 2 * MARGIN,
  };
  const path = `docs/images/signed-in${colorScheme === 'dark' ? '-dark' : ''}.png`;
  await page.screenshot({ path, clip, animations: 'disabled' });
}
