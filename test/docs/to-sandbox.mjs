// Loaded into every Node process that a block of the documentation starts. The providers' hosts are routed to the sandbox and nothing
// leaves this machine; its fixed ports, which another run of these tests may hold, are any free ones.
import http from 'node:http';
import https from 'node:https';
import { syncBuiltinESMExports } from 'node:module';
import process from 'node:process';

const SANDBOX = process.env.DOCS_SANDBOX ?? '';
const HOSTS = [
  'www.fitbit.com',
  'api.fitbit.com',
  'accounts.google.com',
  'oauth2.googleapis.com',
  'health.googleapis.com',
];

const LOOPBACK = ['127.0.0.1', 'localhost', '[::1]'];

function toSandbox(input) {
  const url = new URL(String(input));
  if (HOSTS.includes(url.host)) return new URL(url.pathname + url.search, SANDBOX);
  if (!LOOPBACK.includes(url.hostname)) throw new Error(`Not on this machine: ${url.host}`);
  return url;
}

// The program sends by the one, what an example has of its own by the other.
const { fetch } = globalThis;
globalThis.fetch = (input, init) => fetch(toSandbox(input), init);
const { request } = http;
http.request = (address, options) => request(toSandbox(address), options);
https.request = (address, options) => {
  const sent = request(toSandbox(address), options);
  // The sandbox speaks no TLS, and whoever means to speak it waits for a handshake.
  return sent.once('socket', (socket) => socket.once('connect', () => socket.emit('secureConnect')));
};
syncBuiltinESMExports();

const FIXED = /^http:\/\/(127\.0\.0\.1|localhost):\d+/;
const args = process.argv.slice(2);
if (/\/bin\.[cm]?js$/.test(process.argv[1] ?? '') && args[0] !== 'exec') {
  for (const [index, arg] of args.entries()) {
    if (args[index - 1] === '--sandbox') args[index] = arg.replace(FIXED, process.env.DOCS_OWN_SANDBOX ?? '');
    if (args[index - 1] === '--redirect-uri') args[index] = arg.replace(FIXED, 'http://$1:0');
  }
  const isLogin = args[0] === undefined || args[0] === 'login' || args[0].startsWith('-');
  const asks = args.some((arg) => ['--help', '--version', '-h'].includes(arg));
  if (isLogin && !asks && !args.includes('--redirect-uri')) args.push('--redirect-uri', 'http://127.0.0.1:0/callback');
  if (args[0] === 'sandbox' && !args.includes('--port')) args.push('--port', '0');
  process.argv.splice(2, process.argv.length, ...args);
}
