/**
 * The browser of the documentation's blocks, named in BROWSER: presses Allow on the sandbox's consent page, fills in the setup page, and stops
 * the status page after a look at it. It is bundled and run as a process of its own.
 */
import process from 'node:process';
import { consent } from '../../src/sandbox/consent.ts';
import { LocalVisitor } from '../flow/local-visitor.ts';

const address = new URL(process.argv.at(-1) ?? '');
if (address.searchParams.has('key')) await visit(address.href);
else await allow(address);

async function visit(opened: string): Promise<void> {
  const visitor = await LocalVisitor.enter(opened);
  if (visitor.page.endsWith('/status')) {
    await visitor.press('status', 'stop', {});
    return;
  }
  const onward = await visitor.press('setup', 'setup', {
    'clientId:google-health': process.env.DOCS_CLIENT_ID ?? '',
    'clientSecret:google-health': process.env.DOCS_CLIENT_SECRET ?? '',
    'scopes:google-health': 'sleep.readonly',
  });
  await allow(new URL(/url=(.+)/.exec(onward.headers.get('refresh') ?? '')?.[1] ?? ''));
}

async function allow(opened: URL): Promise<void> {
  const start = opened.pathname.startsWith('/start/') ? await fetch(opened, { redirect: 'manual' }) : undefined;
  const authorize = new URL(start?.headers.get('location') ?? opened);
  const { client_id: id, redirect_uri: redirectUri } = Object.fromEntries(authorize.searchParams);
  // As if this very port had been registered all along.
  const sandbox = authorize.protocol === 'http:' ? authorize : process.env.DOCS_SANDBOX;
  await fetch(new URL('/sandbox/clients', sandbox), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ id, redirectUris: [redirectUri] }),
  });
  await consent(authorize);
}
