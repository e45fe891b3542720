// A sign-in with oauth-callback, which catches the code; the exchange is its user's, by the shortest way there is.
import process from 'node:process';
import { getAuthCode } from 'oauth-callback';

const [, , provider, port] = process.argv;
const redirectUri = `http://127.0.0.1:${port}/callback`;
const { code } = await getAuthCode({
  hostname: '127.0.0.1',
  port: Number(port),
  authorizationUrl: `${provider}/authorize?state=bench&redirect_uri=${encodeURIComponent(redirectUri)}`,
  launch: (url) => process.stderr.write(`${url}\n`),
});
const body = new URLSearchParams({ grant_type: 'authorization_code', code, redirect_uri: redirectUri });
await (await fetch(`${provider}/token`, { method: 'POST', body })).json();
process.exit();
