import { subscribe, unsubscribe } from 'node:diagnostics_channel';

/** From one moment to another. */
interface Span {
  readonly from: number;
  readonly to: number;
}

const CHANNELS = { arrival: 'http.server.request.start', end: 'http.server.response.finish' } as const;

/** Listens to every HTTP server of this process: whatever plays the provider runs in it. */
export class ProviderTime implements Disposable {
  readonly #arrivals = new Map<unknown, number>();
  readonly #spans: Span[] = [];

  constructor() {
    subscribe(CHANNELS.arrival, this.#arrive);
    subscribe(CHANNELS.end, this.#end);
  }

  /** How long some request was being answered between two moments of `performance.now()`, in milliseconds. */
  between(from: number, to: number): number {
    return busyTime(this.#spans, from, to);
  }

  [Symbol.dispose](): void {
    unsubscribe(CHANNELS.arrival, this.#arrive);
    unsubscribe(CHANNELS.end, this.#end);
  }

  readonly #arrive = (message: unknown) => {
    this.#arrivals.set(responseIn(message), performance.now());
  };

  readonly #end = (message: unknown) => {
    const from = this.#arrivals.get(responseIn(message));
    if (from !== undefined) this.#spans.push({ from, to: performance.now() });
    this.#arrivals.delete(responseIn(message));
  };
}

function responseIn(message: unknown): unknown {
  return message instanceof Object && 'response' in message ? message.response : undefined;
}

/** How much of the time between two moments lies in a span; where several overlap, it counts once. */
export function busyTime(spans: readonly Span[], from: number, to: number): number {
  let busy = 0;
  let counted = from;
  for (const span of spans.toSorted((a, b) => a.from - b.from)) {
    const [start, end] = [Math.max(span.from, counted), Math.min(span.to, to)];
    if (end <= start) continue;
    busy += end - start;
    counted = end;
  }
  return busy;
}
