import { expect, test } from 'vitest';
import { launch, skipWithoutBrowser } from '../browser/browser.ts';
import { longTest } from '../extent.ts';
import { decideAtSandbox } from '../flow/providers.ts';
import { APP, type ProgramFixture, programFixture } from './program.ts';
import { skipWithoutTerminal, TypedInto } from './pseudo-terminal.ts';

async function begin(at: ProgramFixture): Promise<URL> {
  const { exit, stdout, stderr } = await at.run(['login', '--begin', '--sandbox', at.sandbox.origin]);
  expect({ exit, stderr }).toEqual({ exit: 0, stderr: expect.stringMatching(/10 minutes.*login --finish/s) });
  // The URL alone is the result.
  const url = new URL(stdout.trim());
  at.sandbox.register({ id: APP.id, redirectUris: [url.searchParams.get('redirect_uri') ?? ''] });
  return url;
}

test.skipIf(skipWithoutTerminal)(
  'login --finish in a terminal: what is pasted is not shown, and may be corrected',
  async () => {
    await using at = await programFixture();
    const response = await decideAtSandbox(await begin(at));
    const code = response.searchParams.get('code') ?? '';
    await using terminal = new TypedInto(['login', '--finish'], { FITBIT_LOGIN_HOME: at.home });
    await terminal.answer(/Paste the URL/, `${response.origin}/callback?code=marked-forged-code-0&state=x`);
    await terminal.shows(/belongs to another sign-in/);
    terminal.type(`${response.href}\r`);
    expect(await terminal.ended).toBe(0);
    expect(terminal.screen).toContain('Signed in to Fitbit (sandbox) as WALK01');
    for (const secret of [code, 'marked-forged']) expect(terminal.bytes).not.toContain(secret);
    expect(JSON.parse(await at.stored())).not.toHaveProperty('pending_login');
  },
);

longTest('login --finish reads the response from a pipe', async () => {
  await using at = await programFixture();
  const { href } = await decideAtSandbox(await begin(at));
  const { exit, stdout } = await at.run(['login', '--finish', '--json'], { input: `${href}\n` });
  expect({ exit, who: JSON.parse(stdout).user_id }).toEqual({ exit: 0, who: 'WALK01' });
});

test.skipIf(skipWithoutBrowser)('the URL of a browser’s connection error finishes the sign-in', async () => {
  await using at = await programFixture();
  const url = await begin(at);
  await using browser = await launch();
  const page = await browser.context.newPage();
  await page.goto(url.href);
  const redirect = page.waitForRequest((request) =>
    request.url().startsWith(url.searchParams.get('redirect_uri') ?? '?'),
  );
  await page.getByRole('button', { name: 'Allow' }).click();
  const { exit } = await at.run(['login', '--finish'], { input: (await redirect).url() });
  expect(exit).toBe(0);
  expect(at.sandbox.isLive(JSON.parse(await at.stored()).refresh_token)).toBe(true);
});
