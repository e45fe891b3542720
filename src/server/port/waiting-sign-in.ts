import { request } from 'node:http';
import * as v from 'valibot';
import { authorityOf } from '../listening.ts';
import { WAITING_HEADER, WAITING_MARK, WAITING_PATH, type WaitingAnswer } from '../waiting-mark.ts';
import type { Holder } from './holder.ts';

const Answer = v.object({ waiting: v.literal(WAITING_MARK), seconds: v.pipe(v.number(), v.integer(), v.minValue(0)) });

/** Programs that a fitbit-login runs in. */
const RUNTIMES = /^(?:node|nodejs|bun|deno)$/i;

/** Programs that lead on to another machine or into a container, where one may wait. */
export const FORWARDERS = /^(?:ssh|docker-proxy|rootlessport|wslrelay)$/i;

const MAX_ANSWER_BYTES = 1024;

/**
 * Asks whoever holds a port whether it is an earlier fitbit-login that still waits there. A program that cannot be one is left alone:
 * a listener for a single connection, such as `nc -l`, would be spent by the question. Never throws.
 */
export async function waitingSignIn(
  address: string,
  port: number,
  {
    holder,
    signal = AbortSignal.timeout(500),
  }: { readonly holder?: Holder | undefined; readonly signal?: AbortSignal },
): Promise<WaitingAnswer | undefined> {
  const name = holder?.process;
  if (name !== undefined && !RUNTIMES.test(name) && !FORWARDERS.test(name)) return undefined;
  // Which of its names its redirect URI has is not known from here, and it answers to that one only.
  const hosts = [authorityOf(address, port), `localhost:${port}`];
  const answers = await Promise.all(hosts.map((host) => ask({ address, port, host, signal }).catch(() => undefined)));
  return answers.find((answer) => answer !== undefined);
}

interface Question {
  readonly address: string;
  readonly port: number;
  readonly host: string;
  readonly signal: AbortSignal;
}

function ask({ address, port, host, signal }: Question): Promise<WaitingAnswer> {
  return new Promise((resolve, reject) => {
    const asked = request(
      {
        host: address,
        port,
        path: WAITING_PATH,
        headers: { host, [WAITING_HEADER]: 'waiting?' },
        agent: false,
        signal,
      },
      async (response) => {
        try {
          let text = '';
          for await (const chunk of response.setEncoding('utf8')) {
            text += chunk;
            if (text.length > MAX_ANSWER_BYTES) throw new RangeError('This is no answer of ours.');
          }
          resolve(v.parse(Answer, response.statusCode === 200 ? JSON.parse(text) : undefined));
        } catch (error) {
          asked.destroy();
          reject(error);
        }
      },
    );
    asked.on('error', reject).end();
  });
}
