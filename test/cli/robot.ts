/**
 * The person's browser, as BROWSER names it: `robot.mjs allow ADDRESS` presses Allow on the sandbox's consent page. It is
 * bundled and run as a process of its own.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import process from 'node:process';
import { consent } from '../../src/sandbox/consent.ts';

const [, , decision, address = ''] = process.argv;
const { pathname } = new URL(address);
const start = pathname.startsWith('/start/') ? await fetch(address, { redirect: 'manual' }) : undefined;
const url = new URL(start?.headers.get('location') ?? address);
const { client_id: id, redirect_uri: redirectUri } = Object.fromEntries(url.searchParams);

// What every user of this machine can read while the sign-in waits, and what a browser receives.
if (process.env.ROBOT_NOTES) {
  const seen = [process.ppid, process.pid].map((pid) => readFileSync(`/proc/${pid}/cmdline`, 'utf8'));
  const inherited = readFileSync('/proc/self/environ', 'utf8');
  writeFileSync(process.env.ROBOT_NOTES, JSON.stringify([...seen, inherited]));
}
// As if this very port had been registered all along.
await fetch(new URL('/sandbox/clients', url), {
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ id, redirectUris: [redirectUri] }),
});
const page = await consent(address, { allow: decision === 'allow' });
// What the person sees at last. A login lets no launcher's output through.
process.stdout.write(await page.text());
