import fc from 'fast-check';
import { expect, test } from 'vitest';
import { runs } from '../extent.ts';
import { parse, waiting } from './server-visitor.ts';

const RUNS = runs(4_000);

const word = fc.string({ unit: 'binary-ascii', maxLength: 30 });
const encoded = fc.oneof(
  word.map(encodeURIComponent),
  fc.constantFrom('%', '%00', '%ff', '%zz', '+', '', 'right', '<script>'),
);
const parameter = fc
  .tuple(fc.oneof(encoded, fc.constantFrom('code', 'error', 'iss', '__proto__', 'scope')), encoded)
  .map((pair) => pair.join('='));
const query = fc.oneof(
  fc
    .array(
      fc.tuple(fc.constantFrom('code', 'error', 'iss'), word.map(encodeURIComponent)).map((pair) => pair.join('=')),
      { maxLength: 9 },
    )
    .map((all) => all.join('&')),
  fc.array(parameter, { maxLength: 60 }).map((all) => all.join('&')),
  word,
);
const path = fc.oneof(
  { weight: 4, arbitrary: fc.constant('/callback') },
  fc.constantFrom('/', '/favicon.ico', '/result/', '//', '/callback/..', '*', 'http://a/callback'),
  encoded.map((text) => `/${text}`),
);
const method = fc.oneof(
  { weight: 4, arbitrary: fc.constant('GET') },
  { weight: 1, arbitrary: fc.constantFrom('HEAD', 'POST', 'PUT', 'OPTIONS', 'TRACE', 'PURGE', 'QUERY', 'BREW') },
);
const name = fc.constantFrom(
  'accept',
  'origin',
  'sec-fetch-dest',
  'sec-fetch-mode',
  'sec-purpose',
  'cookie',
  'content-length',
  'transfer-encoding',
  'expect',
  'upgrade',
  'connection',
  'accept-version',
  'host',
  'x-forwarded-host',
);
const value = fc.oneof(
  fc.constantFrom('text/html', 'document', 'navigate', 'null', '0', '7', 'chunked', '100-continue', 'h2c', 'close'),
  word.map((text) => text.replace(/[^ -~]/g, '')),
);
const headers = fc.array(
  fc.tuple(name, value).map(([key, text]) => `${key}: ${text}\r\n`),
  { maxLength: 4 },
);

const FORGED = fc.record({ method, path, query, headers });

test('a hostile redirect: generated requests get no 5xx, end no wait and start no exchange', async () => {
  await using visited = await waiting();
  let answered = 0;
  let asked = 0;
  await fc.assert(
    fc.asyncProperty(FORGED, async ({ method, path, query, headers }) => {
      const target = `${path}?${query}`.replace(/[\r\n ]/g, '');
      // Ending our half at once also ends the requests that announce a body and never send it.
      const socket = await visited.socket();
      socket.end(`${method} ${target} HTTP/1.1\r\nhost: ${visited.authority}\r\n${headers.join('')}\r\n`, 'latin1');
      const chunks: string[] = [];
      for await (const chunk of socket) chunks.push(String(chunk));
      const statuses = chunks.join('').match(/^HTTP\/1\.1 \d{3}/gm) ?? [];
      for (const status of statuses) expect(Number(status.slice(9))).toBeLessThan(500);
      expect(chunks.join('')).not.toMatch(/access-control-|<script\s/i);
      if (statuses.length > 0) answered += 1;
      asked = visited.asked.length;
    }),
    { numRuns: RUNS },
  );
  // Neither number may be small by accident: the requests are answered, and many of them reach the validation.
  expect(answered).toBeGreaterThan(RUNS * 0.8);
  expect(asked).toBeGreaterThan(RUNS * 0.05);
  expect(visited.exchanges).toBe(0);

  expect((await visited.finish()).body).toContain('Signed in');
  expect(parse(await visited.raw('GET / HTTP/1.1\r\n\r\n')).status).toBe(400);
  expect(visited.exchanges).toBe(1);
}, 60_000);
