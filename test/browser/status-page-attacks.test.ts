import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Headers, parse, received } from '../flow/server-visitor.ts';
import { launch, type RunningBrowser, STRANGER, skipWithoutBrowser } from './browser.ts';
import { type LocalPages, localPages, open } from './local-pages.ts';
import { run, type StrangersSite, strangersSite } from './stranger.ts';

const PATIENT = { timeout: 120_000 };

describe.skipIf(skipWithoutBrowser)('the program’s own pages, while the person has them open', PATIENT, () => {
  let browser: RunningBrowser;
  let site: StrangersSite;
  let at: LocalPages;
  beforeAll(async () => {
    [browser, site, at] = await Promise.all([launch(), strangersSite(), localPages()]);
    await at.signIn();
  });
  afterAll(async () => {
    await browser[Symbol.asyncDispose]();
    await site[Symbol.asyncDispose]();
    await at[Symbol.asyncDispose]();
  });

  test.each([
    ['another site', STRANGER],
    ['another name of this machine', 'localhost'],
    ['another port of this machine', '127.0.0.1'],
  ])('a web page of %s learns nothing and changes nothing, though it knew the path', async (_whose, host) => {
    const program = at.start(['status', '--web']);
    const page = await open(browser.context, program);
    const before = await at.stored();
    const strangersPage = async () => {
      const tab = await browser.context.newPage();
      await tab.goto(`http://${host}:${site.port}/`);
      return tab;
    };
    const watcher = await strangersPage();
    for (const path of ['status', 'setup', 'events', 'stop']) {
      const target = page.url().replace(/status$/, path);
      const learned = await run(watcher, 'tryEverything', target);
      expect(new Set(Object.values(learned ?? {}))).toEqual(new Set(['nothing']));
    }
    for (const path of ['status', 'stop', 'sandbox']) {
      const target = page.url().replace(/status$/, path);
      const stranger = await strangersPage();
      const answered = stranger.waitForResponse((response) => response.url() === target);
      await run(stranger, 'postForm', target);
      expect((await answered).status()).toBe(403);
    }
    expect(await at.stored()).toEqual(before);
    await page.reload();
    await page.getByText('It works').waitFor();
    program.child.kill('SIGINT');
    expect((await program.ended).exit).toBe(0);
  });

  test('another user of the same machine: without the key and the cookie, raw sockets get nothing of it', async () => {
    const program = at.start(['status', '--web']);
    const address = await program.address();
    const page = await open(browser.context, program);
    await page.getByText('It works').waitFor();
    const before = await at.stored();
    const [cookie] = await browser.context.cookies(page.url());
    expect(cookie).toMatchObject({ httpOnly: true, sameSite: 'Strict' });
    const brought = { cookie: `${cookie?.name}=${cookie?.value}` };
    const { pathname, host } = new URL(page.url());
    const stop = pathname.replace(/status$/, 'stop');
    const tries: readonly (readonly [string, string, Headers, number])[] = [
      ['GET', '/', {}, 403],
      ['GET', `/${address.search}`, {}, 403],
      ['GET', pathname, {}, 403],
      ['GET', pathname.replace(/status$/, 'events'), {}, 403],
      ['GET', pathname, { cookie: `${cookie?.name}=guessed` }, 403],
      ['GET', pathname, { ...brought, host: 'evil.example' }, 421],
      ['POST', stop, { 'content-length': '0' }, 403],
      // Even the cookie is not enough to change something: the page's own token is missing.
      ['POST', stop, { ...brought, origin: `http://${host}`, 'content-length': '0' }, 403],
      ['POST', stop, { ...brought, origin: 'http://evil.example', 'content-length': '0' }, 403],
      ['HEAD', pathname, brought, 405],
    ];
    for (const [method, target, headers, status] of tries) {
      const answer = await send(host, method, target, headers);
      expect([method, target, answer.status]).toEqual([method, target, status]);
      expect(answer.body).not.toMatch(/WALK01|23PAGE/);
      expect(answer.head).not.toMatch(/^(set-cookie|access-control-)/im);
    }
    expect(await at.stored()).toEqual(before);
    await page.reload();
    await page.getByText('It works').waitFor();
  });
});

async function send(host: string, method: string, target: string, headers: Headers) {
  const { port, hostname } = new URL(`http://${host}`);
  const socket = connect(Number(port), hostname).on('error', () => {});
  const all = received(socket);
  const lines = Object.entries({ host, ...headers }).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.write(`${method} ${target} HTTP/1.1\r\n${lines.join('')}\r\n`);
  return parse(await all);
}
