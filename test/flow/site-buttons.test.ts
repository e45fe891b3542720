import { Writable } from 'node:stream';
import { pino } from 'pino';
import { expect, test } from 'vitest';
import type { ProfileCard } from '../../src/server/pages/status.ts';
import { ENDED, MANY, MISSING, SETUP_REJECTED, SETUP_WRONG, WELL } from './site-views.ts';
import { OPENED, type VisitedSite, visitedSite } from './site-visitor.ts';

const read = async (visited: VisitedSite, target: string, cookie: string) =>
  visited.send('GET', target, { ...OPENED, cookie });

test.each(['check', 'sign-in', 'sign-out', 'forget', 'add'])(
  'the button %s acts once, and its result is on the page that follows, also when that is reloaded',
  async (action) => {
    await using visited = await visitedSite();
    const cookie = await visited.enter();
    const answer = await visited.post('status', { [action]: 'default' }, cookie);
    expect(answer.status).toBe(303);
    const target = answer.header('location') ?? '';
    for (let visit = 0; visit < 2; visit += 1) {
      expect((await read(visited, target, cookie)).body).toContain(`Done: ${action}.`);
    }
    expect((await read(visited, visited.path('status'), cookie)).body).not.toContain('Done:');
    expect(visited.handlers.acted).toEqual([[action, 'default']]);
  },
);

test('a button that does not exist is refused', async () => {
  await using visited = await visitedSite();
  const cookie = await visited.enter();
  for (const action of ['', 'delete', 'toString', '__proto__']) {
    expect((await visited.post('status', { [action]: 'default' }, cookie)).status).toBe(400);
  }
  expect(visited.handlers.acted).toEqual([]);
});

test('the result of a button is in its row, which is open', async () => {
  await using visited = await visitedSite();
  visited.handlers.status = { profiles: MANY };
  const cookie = await visited.enter();
  const answer = await visited.post('status', { check: 'study-05' }, cookie);
  const { body } = await read(visited, answer.header('location') ?? '', cookie);
  expect(body).toMatch(/id="profile-study-05" open>(?:(?!class="row")[\s\S])*Done: check\./);
  expect(body.match(/class="row"[^>]* open/g)).toHaveLength(1);
});

test('the polled part holds no token and stays the same until something changes', async () => {
  await using visited = await visitedSite();
  const cookie = await visited.enter();
  const [first, second] = [
    await read(visited, visited.path('live'), cookie),
    await read(visited, visited.path('live'), cookie),
  ];
  expect(first.body).toBe(second.body);
  expect(first.body).not.toContain('_csrf');
  visited.handlers.status = { profiles: [ENDED] };
  expect((await read(visited, visited.path('live'), cookie)).body).not.toBe(first.body);
});

test('the setup form arrives as it was filled in, of the chosen provider alone; ticks stay with the session', async () => {
  await using visited = await visitedSite();
  const fields = new URLSearchParams([
    ['provider', 'fitbit'],
    ['clientId:fitbit', ' 23ABCD '],
    ['clientId:google-health', 'other'],
    ['clientSecret:fitbit', 'the secret'],
    ['clientFile', '{"a":\r\n1}'],
    ['scopes:fitbit', 'sleep'],
    ['scopes:fitbit', 'activity'],
    ['redirectUri:fitbit', 'http://127.0.0.1:1/cb'],
    ['tick', 'fitbit-app'],
    ['action', 'continue'],
  ]);
  const cookie = await visited.enter();
  const { body } = await read(visited, visited.path('setup'), cookie);
  fields.set('_csrf', /name="_csrf" value="([^"]+)"/.exec(body)?.[1] ?? '');
  const headers = { cookie, origin: visited.origin, 'content-type': 'application/x-www-form-urlencoded' };
  const answer = await visited.send('POST', visited.path('setup'), headers, fields.toString());
  expect(answer.header('location')).toBe(visited.path('setup'));
  expect(visited.handlers.submitted).toEqual([
    {
      action: 'continue',
      provider: 'fitbit',
      clientId: '23ABCD',
      clientSecret: 'the secret',
      clientFile: '{"a":\r\n1}',
      clientFileName: '',
      scopes: new Map([
        ['google-health', []],
        ['fitbit', ['sleep', 'activity']],
      ]),
      redirectUri: 'http://127.0.0.1:1/cb',
    },
  ]);
  const after = await read(visited, visited.path('setup'), cookie);
  expect(after.body).toMatch(/id="tick-fitbit-app"[^>]*checked/);
  expect(after.body).not.toMatch(/id="tick-enable"[^>]*checked/);
  await visited.post('ticks', { tick: 'enable' }, cookie);
  expect((await read(visited, visited.path('setup'), cookie)).body).toMatch(/id="tick-enable"[^>]*checked/);
});

test.each([
  ['Fitbit', SETUP_WRONG, ['clientSecret:fitbit', 'redirectUri:fitbit']],
  ['Google', SETUP_REJECTED, ['clientSecret:google-health']],
] as const)(
  'errors (%s): 422, tied to their fields, and the secret is not in the page',
  async (_name, view, fields) => {
    await using visited = await visitedSite({ submit: async () => ({ kind: 'again', view }) });
    const entered = { 'clientSecret:fitbit': 'CANARY-SECRET', clientFile: '{"client_secret":"CANARY-SECRET"}' };
    const { status, body } = await visited.post('setup', entered, await visited.enter());
    expect(status).toBe(422);
    expect(body).not.toContain('CANARY');
    expect(body).toMatch(/role="alert"/);
    for (const id of fields) {
      expect(body).toMatch(new RegExp(`id="${id}"[^>]*aria-invalid="true" aria-describedby="[^"]*-error"`));
    }
    for (const field of body.match(/<input type="password"[^>]*>/g) ?? []) expect(field).not.toContain('value');
  },
);

test('the sandbox button needs nothing', async () => {
  await using visited = await visitedSite();
  expect((await visited.post('sandbox', {}, await visited.enter())).status).toBe(303);
  expect(visited.handlers.sandboxes).toBe(1);
});

test('to the provider: by a page that navigates by itself, with a closed policy', async () => {
  const url = 'http://127.0.0.1:8976/start/one-time?"><script>';
  await using visited = await visitedSite({ submit: async () => ({ kind: 'redirect', url, host: 'www.fitbit.com' }) });
  const cookie = await visited.enter();
  const answer = await visited.post('setup', {}, cookie);
  const target = answer.header('location') ?? '';
  expect(answer.status).toBe(303);
  expect(target).toMatch(/\/onward\?to=[\w-]{12}$/);
  const onward = await read(visited, target, cookie);
  expect(onward.status).toBe(200);
  expect(onward.header('refresh')).toBe(`0;url=${new URL(url).href}`);
  expect(onward.header('content-security-policy')).toContain("form-action 'self'");
  expect(onward.body).toContain('Continue to www.fitbit.com');
  expect(onward.body.match(/<script/g)).toHaveLength(1);
  const unknown = await read(visited, visited.path('onward?to=guess'), cookie);
  expect(unknown.header('location')).toBe(visited.path('status'));
});

test.each([1, 5])('every value of a page is text, never markup (%s profiles)', async (count) => {
  const nasty = `"'><script>alert(1)</script><img src=x onerror=alert(1)>`;
  await using visited = await visitedSite({
    act: async () => ({ kind: 'page', notice: { tone: 'failure', text: nasty, profile: nasty } }),
  });
  const fact = { label: nasty, value: nasty, after: nasty };
  const card: ProfileCard = {
    ...MISSING,
    profile: nasty,
    account: nasty,
    provider: nasty,
    words: nasty,
    problem: { text: nasty, button: nasty },
    facts: [fact, { ...fact, code: true }],
    history: [{ when: nasty, words: nasty, ok: false }],
    details: [fact],
  };
  visited.handlers.status = { profiles: Array(count).fill(card) };
  const cookie = await visited.enter();
  const answer = await visited.post('status', { check: nasty }, cookie);
  const { body } = await read(visited, answer.header('location') ?? '', cookie);
  expect(body.match(/<script/g)).toHaveLength(2);
  expect(body).not.toContain('<img');
});

test('the verdict counts who needs someone; problems come first, each with the one button that helps', async () => {
  await using visited = await visitedSite();
  visited.handlers.status = { profiles: [WELL, MISSING, ENDED] };
  const { body } = await read(visited, visited.path('status'), await visited.enter());
  expect(body).toMatch(/<h1>2 of 3 need you<\/h1>/);
  const order = [ENDED, MISSING, WELL].map(({ profile }) => body.indexOf(`id="profile-${profile}"`));
  expect(order).toEqual(order.toSorted((a, b) => a - b));
  expect(body.match(/class="button primary short"/g)).toHaveLength(1);
});

test('the log holds no key, cookie, token or field of any visitor', async () => {
  const lines: string[] = [];
  const sink = new Writable({ write: (chunk, _encoding, done) => done(void lines.push(String(chunk))) });
  await using visited = await visitedSite({ log: pino({ level: 'trace' }, sink) });
  const cookie = await visited.enter();
  await visited.post('setup', { clientId: 'CANARY', clientSecret: 'CANARY' }, cookie);
  await visited.send('GET', `/?key=CANARY`, OPENED);
  await visited.send('GET', visited.path('status?said=CANARY'), { ...OPENED, cookie, 'x-a': 'CANARY' });
  await visited.send('POST', visited.path('status'), { cookie, 'content-type': 'application/CANARY' }, 'CANARY');
  const log = lines.join('');
  expect(log).toContain('/setup');
  expect(log).not.toContain('CANARY');
  expect(log).not.toContain(cookie.split('=')[1]);
  expect(log).not.toContain(new URL(visited.site.url).searchParams.get('key'));
});
