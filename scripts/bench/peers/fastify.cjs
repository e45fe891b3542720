// A Fastify that has one route: the floor for a program that waits with it.
const process = require('node:process');
const fastify = require('fastify');

const app = fastify();
app.get('/callback', async () => 'ok');
app.listen({ host: '127.0.0.1', port: 0 }).then((origin) => {
  process.stderr.write(`http://127.0.0.1/authorize?redirect_uri=${encodeURIComponent(`${origin}/callback`)}\n`);
});
