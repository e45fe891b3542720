// server.mjs in CommonJS, which starts sooner: on Node 22 and later, to import node:http into an ES module loads a WebSocket with it.
const { createServer } = require('node:http');
const process = require('node:process');

const server = createServer((_request, response) => response.end('ok'));
server.listen(0, '127.0.0.1', () => {
  const redirectUri = `http://127.0.0.1:${server.address().port}/callback`;
  process.stderr.write(`http://127.0.0.1/authorize?redirect_uri=${encodeURIComponent(redirectUri)}\n`);
});
