// A Fastify that has one route: what every program that waits with it pays.
import process from 'node:process';
import fastify from 'fastify';

const app = fastify();
app.get('/callback', async () => 'ok');
const origin = await app.listen({ host: '127.0.0.1', port: 0 });
process.stderr.write(`http://127.0.0.1/authorize?redirect_uri=${encodeURIComponent(`${origin}/callback`)}\n`);
