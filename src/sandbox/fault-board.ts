import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import * as v from 'valibot';
import { AuthError } from '../errors.ts';
import { FaultSchema } from './fault.ts';
import { FAULT_EDITS } from './fault-edits.ts';
import { covers, type Fault, type Place } from './fault-kind.ts';
import { FAULT_STANDINS } from './fault-standins.ts';
import type { Service, Spot } from './service.ts';

const AnswerBody = v.record(v.string(), v.unknown());

interface Posted {
  readonly fault: Fault;
  left: number;
}

/** The faults that are wanted. Of several for one place, the first one posted strikes until it is used up. */
export class FaultBoard {
  #posted: Posted[] = [];
  readonly #signal: AbortSignal;

  /** @param signal - says that the sandbox closes: nothing is waited for any longer */
  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  /** @throws AuthError `USAGE` for a fault that cannot be */
  add(fault: Fault): void {
    const parsed = v.safeParse(FaultSchema, fault);
    if (!parsed.success) throw new AuthError('USAGE', `No such fault: ${v.summarize(parsed.issues)}`);
    this.#posted.push({ fault: parsed.output, left: parsed.output.times ?? Number.POSITIVE_INFINITY });
  }

  /** Takes down the faults that were posted for one place, or all. */
  clear(at?: Place): void {
    this.#posted = at === undefined ? [] : this.#posted.filter(({ fault }) => fault.at !== at);
  }

  /** What is still to strike; `times` says how often. */
  list(): readonly Fault[] {
    return this.#posted.map(({ fault, left }) => (fault.times === undefined ? fault : { ...fault, times: left }));
  }

  /** Lets faults strike every route of this Fastify scope. */
  guard(scope: FastifyInstance, service: Service, spot: Spot): void {
    const struck = new WeakMap<FastifyRequest, Fault>();

    scope.addHook('preHandler', async (request, reply) => {
      const fault = this.#take(service, spot);
      if (fault === undefined) return;
      const { kind, ms = 1_000 } = fault;
      if (isKey(FAULT_STANDINS, kind)) {
        this.#standIn(FAULT_STANDINS[kind]({ reply, service, spot, signal: this.#signal }, fault));
        return reply;
      }
      if (kind === 'delay') await this.#wait(ms);
      else struck.set(request, fault);
    });

    scope.addHook('onSend', async (request, reply, payload) => {
      const fault = struck.get(request);
      if (fault === undefined) return payload;
      const { kind, ms = 1_000 } = fault;
      if (kind === 'lost-answer') request.raw.socket.destroy();
      if (kind === 'delay-answer') await this.#wait(ms);
      return isKey(FAULT_EDITS, kind) ? FAULT_EDITS[kind](rightAnswer(payload, reply)) : payload;
    });
  }

  #take(service: Service, spot: Spot): Fault | undefined {
    const posted = this.#posted.find(({ fault }) => covers(fault.at, service, spot));
    if (posted === undefined) return undefined;
    posted.left -= 1;
    if (posted.left <= 0) this.#posted = this.#posted.filter((other) => other !== posted);
    return posted.fault;
  }

  /** Stand-ins that stream end when the client leaves or the sandbox closes: that is how they are meant to end. */
  #standIn(running: unknown): void {
    if (running instanceof Promise) running.catch(() => undefined);
  }

  async #wait(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.#signal }).catch(() => undefined);
  }
}

function rightAnswer(payload: unknown, reply: FastifyReply) {
  const text = typeof payload === 'string' ? payload : '';
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), AnswerBody), text);
  return { text, body: parsed.success ? parsed.output : {}, reply };
}

function isKey<T extends object>(table: T, key: PropertyKey): key is keyof T {
  return Object.hasOwn(table, key);
}
