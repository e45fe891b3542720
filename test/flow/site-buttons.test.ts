import { Writable } from 'node:stream';
import { pino } from 'pino';
import { expect, test } from 'vitest';
import type { ProfileCard } from '../../src/server/pages/site-view.ts';
import { FRESH, SETUP_WRONG, STALE } from './site-views.ts';
import { OPENED, type VisitedSite, visitedSite } from './site-visitor.ts';

const read = async (visited: VisitedSite, target: string, cookie: string) =>
  visited.send('GET', target, { ...OPENED, cookie });

test.each(['refresh', 'check', 'sign-in', 'sign-out', 'add'])(
  'the button %s acts once, and its result is on the page that follows, also when that is reloaded',
  async (action) => {
    await using visited = await visitedSite();
    const cookie = await visited.enter();
    const answer = await visited.post('status', { action, profile: 'default' }, cookie);
    expect(answer.status).toBe(303);
    const target = answer.header('location') ?? '';
    for (let visit = 0; visit < 2; visit += 1) {
      expect((await read(visited, target, cookie)).body).toContain(`Done: ${action}.`);
    }
    expect((await read(visited, visited.path('status'), cookie)).body).not.toContain('Done:');
    expect(visited.desk.acted).toEqual([[action, 'default']]);
  },
);

test('a button that does not exist is refused', async () => {
  await using visited = await visitedSite();
  const cookie = await visited.enter();
  for (const action of ['', 'delete', 'toString', '__proto__']) {
    expect((await visited.post('status', { action }, cookie)).status).toBe(400);
  }
  expect(visited.desk.acted).toEqual([]);
});

test('the setup form arrives as it was filled in, each provider’s scopes apart', async () => {
  await using visited = await visitedSite();
  const fields = new URLSearchParams([
    ['clientId', ' 23ABCD '],
    ['clientSecret', 'the secret'],
    ['clientFile', '{"a":\r\n1}'],
    ['scopes:fitbit', ''],
    ['scopes:fitbit', 'sleep'],
    ['scopes:fitbit', 'activity'],
    ['scopes:google-health', ''],
    ['redirectUri', 'http://127.0.0.1:1/cb'],
  ]);
  const cookie = await visited.enter();
  const { body } = await read(visited, visited.path('setup'), cookie);
  fields.set('_csrf', /name="_csrf" value="([^"]+)"/.exec(body)?.[1] ?? '');
  const headers = { cookie, origin: visited.origin, 'content-type': 'application/x-www-form-urlencoded' };
  const answer = await visited.send('POST', visited.path('setup'), headers, fields.toString());
  expect(answer.header('location')).toBe(visited.path('setup'));
  expect(visited.desk.submitted).toEqual([
    {
      clientId: '23ABCD',
      clientSecret: 'the secret',
      clientFile: '{"a":\r\n1}',
      provider: '',
      scopes: new Map([
        ['fitbit', ['sleep', 'activity']],
        ['google-health', []],
      ]),
      redirectUri: 'http://127.0.0.1:1/cb',
    },
  ]);
});

test('errors: 422, tied to their fields, what was typed is kept, and the secret is not in the page', async () => {
  await using visited = await visitedSite({ submit: async () => ({ kind: 'again', view: SETUP_WRONG }) });
  const typed = { clientId: '23ABCD', clientSecret: 'CANARY-SECRET', clientFile: '{"client_secret":"CANARY-SECRET"}' };
  const { status, body } = await visited.post('setup', typed, await visited.enter());
  expect(status).toBe(422);
  expect(body).toContain('5 things have to be mended');
  expect(body).toContain('value="23ABCD"');
  expect(body).not.toContain('CANARY');
  for (const name of ['clientSecret', 'clientFile', 'redirectUri']) {
    expect(body).toMatch(new RegExp(`<a href="#${name}">`));
    expect(body).toMatch(
      new RegExp(`id="${name}"[^>]*aria-describedby="${name}-hint ${name}-error"[^>]*aria-invalid="true"`),
    );
  }
  expect(body).toMatch(/<input type="password"[^>]*>/);
  expect(/<input type="password"[^>]*>/.exec(body)?.[0]).not.toContain('value');
});

test('the sandbox button needs nothing', async () => {
  await using visited = await visitedSite();
  expect((await visited.post('sandbox', {}, await visited.enter())).status).toBe(303);
  expect(visited.desk.sandboxes).toBe(1);
});

test('to the provider: by a page of the site that goes on by itself, whose policy stays closed', async () => {
  const url = 'https://www.fitbit.com/oauth2/authorize?client_id=23ABCD&state="><script>';
  await using visited = await visitedSite({ submit: async () => ({ kind: 'redirect', url }) });
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

test('every value of a page is text, never markup', async () => {
  await using visited = await visitedSite({
    act: async () => ({ kind: 'page', notice: { tone: 'failure', text: nasty } }),
  });
  const nasty = `"'><script>alert(1)</script><img src=x onerror=alert(1)>`;
  const card: ProfileCard = {
    ...STALE,
    name: nasty,
    provider: nasty,
    account: nasty,
    app: nasty,
    sandbox: nasty,
    state: nasty,
    scopes: [{ name: nasty }, { name: 'x', words: nasty }],
    missingScopes: [nasty],
    problem: { text: nasty, action: 'refresh' },
    history: [{ at: new Date(0), words: nasty, ok: false }],
    file: nasty,
    facts: [{ label: nasty, value: nasty }],
  };
  visited.desk.status = { profiles: [card, card] };
  const cookie = await visited.enter();
  const answer = await visited.post('status', { action: 'refresh' }, cookie);
  const { body } = await read(visited, answer.header('location') ?? '', cookie);
  expect(body.match(/<script/g)).toHaveLength(1);
  expect(body).not.toContain('<img');
});

test('many profiles: those that need something are named first, each with the one button that mends it', async () => {
  await using visited = await visitedSite();
  visited.desk.status = { profiles: [FRESH, STALE, { ...FRESH, name: 'third' }] };
  const { body } = await read(visited, visited.path('status'), await visited.enter());
  expect(body).toMatch(/1 of 3 needs something done: <a href="#profile-work">work<\/a>/);
  expect(body.indexOf('The access token has ended.')).toBeLessThan(body.indexOf('http://127.0.0.1:8975'));
  expect(body.match(/id="profile-work-refresh"/g)).toHaveLength(1);
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
