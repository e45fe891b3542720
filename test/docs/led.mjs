// Loaded into every Node process that a block of the documentation starts. The providers' hosts are led to the sandbox and nothing
// leaves this machine; its fixed ports, which another run of these tests may hold, are any free ones.
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

const plainFetch = globalThis.fetch;
globalThis.fetch = (input, init) => {
  const url = new URL(String(input));
  if (!HOSTS.includes(url.host) && !LOOPBACK.includes(url.hostname))
    throw new Error(`Not on this machine: ${url.host}`);
  return plainFetch(HOSTS.includes(url.host) ? new URL(url.pathname + url.search, SANDBOX) : url, init);
};

const FIXED = /^http:\/\/(127\.0\.0\.1|localhost):\d+/;
const args = process.argv.slice(2);
if (/\/bin\.[cm]?js$/.test(process.argv[1] ?? '') && args[0] !== 'exec') {
  for (const [index, arg] of args.entries()) {
    if (args[index - 1] === '--sandbox') args[index] = arg.replace(FIXED, SANDBOX);
    if (args[index - 1] === '--redirect-uri') args[index] = arg.replace(FIXED, 'http://$1:0');
  }
  const isLogin = args[0] === undefined || args[0] === 'login' || args[0].startsWith('-');
  const asks = args.some((arg) => ['--help', '--version', '-h'].includes(arg));
  if (isLogin && !asks && !args.includes('--redirect-uri')) args.push('--redirect-uri', 'http://127.0.0.1:0/callback');
  if (args[0] === 'sandbox' && !args.includes('--port')) args.push('--port', '0');
  process.argv.splice(2, process.argv.length, ...args);
}
