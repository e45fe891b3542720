// A Fastify that has one route: what every program that waits with it pays.
const process = require('node:process');
const fastify = require('fastify');

const app = fastify();
app.get('/callback', async () => 'ok');
app.listen({ host: '127.0.0.1', port: 0 }).then((origin) => {
  process.stderr.write(`http://127.0.0.1/authorize?redirect_uri=${encodeURIComponent(`${origin}/callback`)}\n`);
});
