import { once } from 'node:events';
import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';

/** Stands before the sandbox, on an origin of its own, and writes down what is secret in what passes. */
export interface Recorder extends AsyncDisposable {
  readonly origin: string;
  /** Codes, verifiers, states and tokens, by what they are. */
  readonly secrets: ReadonlyMap<string, string>;
}

const IN_REQUESTS = ['code', 'code_verifier'];
const IN_ANSWERS = ['access_token', 'refresh_token'];

/** @param onToken called when a request for tokens is about to be passed on */
export async function recorder(sandbox: string, onToken: () => void = () => {}): Promise<Recorder> {
  const secrets = new Map<string, string>();
  const server = createServer(async (request, response) => {
    const { method = 'GET', url = '/', headers } = request;
    const body = method === 'GET' ? undefined : await text(request);
    const isToken = url === '/oauth2/token';
    if (isToken) {
      note(new URLSearchParams(body), IN_REQUESTS);
      onToken();
    }
    const state = new URL(url, sandbox).searchParams.get('state');
    if (state !== null) secrets.set('state', state);
    const passed = ['content-type', 'authorization'].flatMap((name): [string, string][] =>
      typeof headers[name] === 'string' ? [[name, headers[name]]] : [],
    );
    const answer = await fetch(sandbox + url, { method, headers: passed, redirect: 'manual', body: body ?? null });
    const given = await answer.text();
    if (isToken && answer.ok) note(new URLSearchParams(Object.entries<string>(JSON.parse(given))), IN_ANSWERS);
    const back = ['content-type', 'location'].flatMap((name): [string, string][] => {
      const value = answer.headers.get(name);
      return value === null ? [] : [[name, value]];
    });
    response.writeHead(answer.status, Object.fromEntries(back)).end(given);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('not a TCP port');

  function note(values: URLSearchParams, names: readonly string[]): void {
    for (const name of names) secrets.set(name, values.get(name) ?? '');
  }
  return {
    origin: `http://127.0.0.1:${address.port}`,
    secrets,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
