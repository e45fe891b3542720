import { createServer } from 'node:http';
import { describe, expect, test } from 'vitest';
import { programFixture } from './program.ts';
import { skipWithoutTerminal, TypedInto } from './pseudo-terminal.ts';

const SITE = 'login.trusted.example';

/** A server on this machine whose metadata leads to the sign-in page of another site. */
async function issuer() {
  const server = createServer((_request, response) => {
    const { port } = server.address() as { port: number };
    const own = `http://127.0.0.1:${port}`;
    response.setHeader('content-type', 'application/json');
    response.end(
      JSON.stringify({
        issuer: own,
        authorization_endpoint: `https://${SITE}/authorize`,
        token_endpoint: `${own}/token`,
      }),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  return {
    login: ['login', '--provider', `http://127.0.0.1:${port}`, '--client-id', 'a', '--no-browser'],
    [Symbol.asyncDispose]: async () => void server.close(),
  };
}

describe('a provider whose metadata points to another site', () => {
  test('is refused without a terminal, naming the option, and accepted if the option names the site', async () => {
    await using at = await programFixture();
    await using own = await issuer();
    const { login } = own;
    const refused = await at.run(login);
    expect(refused.exit).not.toBe(0);
    expect(refused.stderr).toContain(`--allow-sites ${SITE}`);
    expect(refused.stderr).not.toContain('/authorize?');
    const other = await at.run([...login, '--allow-sites', 'else.example', '--json']);
    expect(JSON.parse(other.stdout)).toMatchObject({ error: { code: 'METADATA_INVALID' } });
    const allowed = at.start([...login, '--allow-sites', `else.example,${SITE}`, '--timeout', '1']);
    expect(await allowed.ended).toMatchObject({ stderr: expect.stringContaining(`https://${SITE}/authorize?`) });
  });

  test.skipIf(skipWithoutTerminal)('needs confirmation on a terminal before any URL is shown', async () => {
    await using at = await programFixture();
    await using own = await issuer();
    const { login } = own;
    const environment = { FITBIT_LOGIN_HOME: at.home };
    {
      await using terminal = new TypedInto(login, environment);
      await terminal.shows(new RegExp(SITE));
      terminal.type('n');
      expect(await terminal.ended).not.toBe(0);
      expect(terminal.screen).not.toContain('/authorize?');
    }
    await using terminal = new TypedInto(login, environment);
    await terminal.shows(new RegExp(SITE));
    terminal.type('y');
    await terminal.shows(/authorize\?/);
  });
});
