import * as v from 'valibot';

const RawParameters = v.record(v.string(), v.union([v.string(), v.array(v.string())]));

/** A parameter that is not there, or there more than once. Each service words the refusal in its own way. */
export class ParameterError extends Error {
  override readonly name = 'ParameterError';
  readonly fault: 'missing' | 'repeated';
  readonly parameter: string;

  constructor(fault: 'missing' | 'repeated', parameter: string) {
    super(`The parameter ${parameter} is ${fault}.`);
    this.fault = fault;
    this.parameter = parameter;
  }
}

/** The parameters of a query or a form. An empty one counts as absent: RFC 6749 §3.1. */
export class Parameters {
  readonly #values: ReadonlyMap<string, readonly string[]>;

  /** @param raw - what the query or body parser gave: strings, and lists of strings where a name came repeatedly */
  constructor(raw: unknown) {
    const parsed = v.safeParse(RawParameters, raw ?? {});
    const entries = parsed.success ? Object.entries(parsed.output) : [];
    this.#values = new Map(entries.map(([name, value]) => [name, typeof value === 'string' ? [value] : value]));
  }

  get(name: string): string | undefined {
    return this.#values.get(name)?.[0] || undefined;
  }

  /** Every value of a name that may come repeatedly. */
  all(name: string): readonly string[] {
    return this.#values.get(name) ?? [];
  }

  /** The first name that came more than once. */
  get repeated(): string | undefined {
    return [...this.#values].find(([, values]) => values.length > 1)?.[0];
  }

  /** @throws ParameterError where a name came repeatedly: RFC 6749 §3.1 */
  once(): this {
    if (this.repeated !== undefined) throw new ParameterError('repeated', this.repeated);
    return this;
  }

  /** @throws ParameterError where it is absent */
  need(name: string): string {
    const value = this.get(name);
    if (value === undefined) throw new ParameterError('missing', name);
    return value;
  }

  /** Name and value, the last of each name. */
  toObject(): Record<string, string> {
    return Object.fromEntries([...this.#values].map(([name, values]) => [name, values.at(-1) ?? '']));
  }
}
