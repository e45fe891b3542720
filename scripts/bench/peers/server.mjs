// The baseline: a server of Node itself on loopback that prints its redirect URI and does nothing else.
import { createServer } from 'node:http';
import process from 'node:process';

const server = createServer((_request, response) => response.end('ok'));
server.listen(0, '127.0.0.1', () => {
  const redirectUri = `http://127.0.0.1:${server.address().port}/callback`;
  process.stderr.write(`http://127.0.0.1/authorize?redirect_uri=${encodeURIComponent(redirectUri)}\n`);
});
