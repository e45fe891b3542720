import { type Finding, ok, warning, wrong } from './check.ts';
import { takesAnyPort } from './registration.ts';

/** Whether programs can listen at one of this machine's loopback addresses. */
export interface LoopbackFacts {
  /** `127.0.0.1` or `::1`. */
  readonly address: string;
  /** Why not, and what helps: absent where they can. */
  readonly trouble?: { readonly message: string; readonly hint: string } | undefined;
  /** Whether a redirect URI leads only there (`only`), there or elsewhere (`also`: `localhost`), or none leads there. */
  readonly needed: 'only' | 'also' | 'no';
}

export function judgeLoopback({ address, trouble, needed }: LoopbackFacts): Finding {
  if (trouble === undefined) {
    return ok(`${address} can be listened on.`, 'The browser on this machine can bring its answer there.');
  }
  const found = trouble.message;
  if (needed === 'only') {
    return wrong(found, 'The browser’s answer could not arrive.', trouble.hint);
  }
  if (needed === 'also') return ok(found, '`localhost` can then only mean the other address, which is enough.');
  return ok(found, 'No redirect URI of this profile leads there, so that it is not needed.');
}

/** One redirect URI, and what a sign-in with it would meet. */
export interface PortFacts {
  readonly uri: string;
  /** Who holds it, and what to do about that: absent where it is free, or where this machine has no such address. */
  readonly held?: { readonly by: string; readonly waysOut: string } | undefined;
}

export function judgePorts(ports: readonly PortFacts[]): Finding {
  const held = ports.flatMap(({ uri, held: by }) => (by === undefined ? [] : [{ uri, ...by }]));
  const [first] = held;
  const free = ports.filter((port) => port.held === undefined);
  if (first === undefined) {
    return ports.every(({ uri }) => takesAnyPort(uri))
      ? ok('Any free port is used.', 'No other program can be in the way.')
      : ok(`Free: ${free.map(({ uri }) => uri).join(' ')}`, 'A sign-in can await its answer there.');
  }
  const found = held.map(({ by }) => by).join(' ');
  const [next] = free;
  return next === undefined
    ? wrong(found, 'A sign-in could not await its answer.', first.waysOut)
    : warning(found, `A sign-in uses the next one that is free: ${next.uri}`, first.waysOut);
}
