import * as v from 'valibot';

/** The services simulated on one origin: Fitbit's endpoints and Google's have no path in common. */
export const SERVICES = ['fitbit', 'google'] as const;
export type Service = (typeof SERVICES)[number];

/** A service's name for people. */
export const NAMES = { fitbit: 'Fitbit', google: 'Google' } as const satisfies Record<Service, string>;

/** The endpoints of a service; `authorize` is the consent page, `decision` receives its form. */
export const ENDPOINTS = {
  fitbit: ['authorize', 'decision', 'token', 'revoke', 'introspect', 'api'],
  google: ['authorize', 'decision', 'token', 'revoke', 'introspect', 'identity', 'api'],
} as const satisfies Record<Service, readonly string[]>;

/** An endpoint of either service. `introspect` is Google's `/tokeninfo` too. */
export type Endpoint = (typeof ENDPOINTS)[Service][number];

type Headers = Readonly<Record<string, string>>;

/** A refused request: status, body and headers of the response, in the service's own shape. */
export class WireError extends Error {
  override readonly name = 'WireError';
  readonly status: number;
  readonly body: object;
  readonly headers: Headers;

  constructor(status: number, body: object, headers: Headers = {}) {
    super(`The response is ${status}.`);
    this.status = status;
    this.body = body;
    this.headers = headers;
  }
}

/** How a service words the errors that any of its endpoints may meet. */
export interface ErrorShapes {
  missing(parameter: string): WireError;
  repeated(parameter: string): WireError;
  /** For requests that the web server rejects, and for a defect (status 500). */
  other(status: number, message: string): WireError;
}

/** A missing or repeated parameter. Each service words the refusal in its own way. */
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

const RawParameters = v.record(v.string(), v.union([v.string(), v.array(v.string())]));

/** The parameters of a query or a form. An empty one counts as absent: RFC 6749 §3.1. */
export class Parameters {
  readonly #values: ReadonlyMap<string, readonly string[]>;

  /** @param raw - from the query or body parser: strings, and lists of strings for repeated names */
  constructor(raw: unknown) {
    const parsed = v.safeParse(RawParameters, raw ?? {});
    const entries = parsed.success ? Object.entries(parsed.output) : [];
    this.#values = new Map(entries.map(([name, value]) => [name, typeof value === 'string' ? [value] : value]));
  }

  get(name: string): string | undefined {
    return this.#values.get(name)?.[0] || undefined;
  }

  /** Every value of a name that may be repeated. */
  all(name: string): readonly string[] {
    return this.#values.get(name) ?? [];
  }

  /** The first repeated name. */
  get repeated(): string | undefined {
    return [...this.#values].find(([, values]) => values.length > 1)?.[0];
  }

  /** @throws ParameterError for a repeated name: RFC 6749 §3.1 */
  once(): this {
    if (this.repeated !== undefined) throw new ParameterError('repeated', this.repeated);
    return this;
  }

  /** @throws ParameterError if it is absent */
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

export const FITBIT_DOCS =
  'Visit https://dev.fitbit.com/docs/oauth2 for more information on the Fitbit Web API authorization process.';

/** Fitbit's own error shape, which is not RFC 6749's. */
export function fitbitError(status: number, errorType: string, message: string, headers?: Headers): WireError {
  return new WireError(status, { errors: [{ errorType, message }], success: false }, headers);
}

export const FITBIT_ERRORS: ErrorShapes = {
  missing: (name) => fitbitError(400, 'invalid_request', `Missing parameters: ${name}. ${FITBIT_DOCS}`),
  repeated: (name) => fitbitError(400, 'invalid_request', `Repeated parameter: ${name}. ${FITBIT_DOCS}`),
  other: (status, message) => fitbitError(status, status < 500 ? 'invalid_request' : 'system', message),
};

/** An error of the Google OAuth endpoints: RFC 6749 §5.2. */
export function oauthError(status: number, error: string, description?: string, headers?: Headers): WireError {
  return new WireError(status, { error, error_description: description }, headers);
}

export const OAUTH_ERRORS: ErrorShapes = {
  missing: (name) => oauthError(400, 'invalid_request', `Missing required parameter: ${name}`),
  repeated: (name) => oauthError(400, 'invalid_request', `OAuth 2 parameters can only have a single value: ${name}`),
  other: (status, message) => oauthError(status, status < 500 ? 'invalid_request' : 'internal_failure', message),
};

/** The reason of a Google API error, for programs: google.rpc.ErrorInfo. */
export interface ErrorInfo {
  readonly reason: string;
  readonly domain: string;
  readonly metadata?: Readonly<Record<string, string>>;
}

/** An error of a Google API: google.rpc.Status as JSON. */
export function apiError(
  code: number,
  status: string,
  message: string,
  { info, headers }: { readonly info?: ErrorInfo; readonly headers?: Headers } = {},
): WireError {
  const details = info && [{ '@type': 'type.googleapis.com/google.rpc.ErrorInfo', ...info }];
  return new WireError(code, { error: { code, message, status, details } }, headers);
}

export const API_ERRORS: ErrorShapes = {
  missing: (name) => apiError(400, 'INVALID_ARGUMENT', `Missing parameter: ${name}`),
  repeated: (name) => apiError(400, 'INVALID_ARGUMENT', `Repeated parameter: ${name}`),
  other: (status, message) => apiError(status, status < 500 ? 'INVALID_ARGUMENT' : 'INTERNAL', message),
};
