import type { FastifyReply, FastifyRequest } from 'fastify';
import * as v from 'valibot';
import { AuthError, didYouMean } from '../errors.ts';
import { type Correct, type Effect, FAULT_KINDS, FAULTS, type FaultArguments, type FaultKind } from './fault-table.ts';
import { ENDPOINTS, type Endpoint, SERVICES, type Service } from './wire.ts';

export { FAULT_KINDS, type FaultKind } from './fault-table.ts';

/**
 * Where a fault can strike: an endpoint of both services (`token`), of one (`google-token`), or all of one (`fitbit`).
 * `authorize` is the consent page, `decision` receives its form, `introspect` is Google's `/tokeninfo` too.
 */
export const PLACES = [
  ...ENDPOINTS.google,
  ...SERVICES,
  ...ENDPOINTS.fitbit.map((endpoint) => `fitbit-${endpoint}` as const),
  ...ENDPOINTS.google.map((endpoint) => `google-${endpoint}` as const),
] as const;
export type Place = (typeof PLACES)[number];

/** Something that shall go wrong. */
export interface Fault extends FaultArguments {
  readonly at: Place;
  readonly kind: FaultKind;
}

/** The faults that can strike this endpoint. @internal */
export function faultKindsAt(service: Service, endpoint: Endpoint): readonly FaultKind[] {
  return FAULT_KINDS.filter((kind) => strikes({ at: `${service}-${endpoint}` as Place, kind }, service, endpoint));
}

const Count = v.pipe(v.number(), v.integer(), v.minValue(0));

const FaultSchema = v.pipe(
  v.strictObject({
    at: v.picklist(PLACES),
    kind: v.custom<FaultKind>(
      isFaultKind,
      ({ input }) => `${didYouMean(String(input), FAULT_KINDS)}There are: ${FAULT_KINDS.join(', ')}`,
    ),
    times: v.optional(v.pipe(Count, v.minValue(1))),
    status: v.optional(v.pipe(v.number(), v.integer(), v.minValue(200), v.maxValue(599))),
    errorType: v.optional(v.string()),
    message: v.optional(v.string()),
    resetSeconds: v.optional(Count),
    location: v.optional(v.string()),
    ms: v.optional(Count),
    bytes: v.optional(Count),
  }),
  v.check(
    (fault) => SERVICES.some((service) => ENDPOINTS[service].some((endpoint) => strikes(fault, service, endpoint))),
    ({ input }) => `${input.kind} cannot strike at ${input.at}`,
  ),
) satisfies v.GenericSchema<unknown, Fault>;

interface Posted {
  readonly fault: Fault;
  left: number;
}

const ResponseBody = v.pipe(v.string(), v.parseJson(), v.record(v.string(), v.unknown()));

/** The faults to come. Of several for one endpoint, the first one posted strikes until it is used up. @internal */
export class Faults {
  #posted: Posted[] = [];
  readonly #signal: AbortSignal;

  /** @param signal - aborted when the sandbox closes: every wait ends */
  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  /** @throws AuthError `USAGE` for an impossible fault */
  add(fault: unknown): void {
    const parsed = v.safeParse(FaultSchema, fault);
    if (!parsed.success) throw new AuthError('USAGE', `No such fault: ${v.summarize(parsed.issues)}`);
    this.#posted.push({ fault: parsed.output, left: parsed.output.times ?? Number.POSITIVE_INFINITY });
  }

  /** Removes the faults that were posted for one place, or all. */
  clear(at?: Place): void {
    this.#posted = at === undefined ? [] : this.#posted.filter(({ fault }) => fault.at !== at);
  }

  /** The faults still to strike; `times` says how often. */
  list(): readonly Fault[] {
    return this.#posted.map(({ fault, left }) => (fault.times === undefined ? fault : { ...fault, times: left }));
  }

  /** The options of a route that faults can strike. */
  at(service: Service, endpoint: Endpoint) {
    const spoilt = new WeakMap<FastifyRequest, Fault>();
    const struck = (reply: FastifyReply) => ({ reply, service, endpoint, signal: this.#signal });

    return {
      preHandler: async (request: FastifyRequest, reply: FastifyReply) => {
        const fault = this.#take(service, endpoint);
        if (fault === undefined) return;
        const { replace, before, mutate }: Effect = FAULTS[fault.kind];
        await before?.(struck(reply), fault);
        if (mutate !== undefined) spoilt.set(request, fault);
        if (replace === undefined) return;
        const running = replace(struck(reply), fault);
        // Streams end when the client leaves or the sandbox closes; a reply that was sent is no promise to wait for.
        if (running instanceof Promise) running.catch(() => undefined);
        return reply;
      },
      onSend: async (request: FastifyRequest, reply: FastifyReply, payload: unknown) => {
        const fault = spoilt.get(request);
        if (fault === undefined) return payload;
        const { mutate }: Effect = FAULTS[fault.kind];
        const mutated = await mutate?.({ ...struck(reply), ...correct(payload) }, fault);
        return typeof mutated === 'string' ? mutated : payload;
      },
    };
  }

  #take(service: Service, endpoint: Endpoint): Fault | undefined {
    const posted = this.#posted.find(({ fault }) => strikes(fault, service, endpoint));
    if (posted === undefined) return undefined;
    posted.left -= 1;
    if (posted.left <= 0) this.#posted = this.#posted.filter((other) => other !== posted);
    return posted.fault;
  }
}

function strikes({ at, kind }: Pick<Fault, 'at' | 'kind'>, service: Service, endpoint: Endpoint): boolean {
  const effect: Effect = FAULTS[kind];
  return (
    (at === endpoint || at === service || at === `${service}-${endpoint}`) &&
    (effect.service ?? service) === service &&
    (effect.endpoints ?? [endpoint]).includes(endpoint)
  );
}

function isFaultKind(name: unknown): name is FaultKind {
  return typeof name === 'string' && Object.hasOwn(FAULTS, name);
}

function correct(payload: unknown): Pick<Correct, 'text' | 'body'> {
  const text = typeof payload === 'string' ? payload : '';
  const parsed = v.safeParse(ResponseBody, text);
  return { text, body: parsed.success ? parsed.output : {} };
}
