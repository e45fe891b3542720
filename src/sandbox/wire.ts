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
  readonly status: number;
  /** JSON, or the text of a page. */
  readonly body: object | string;
  readonly headers: Headers;

  constructor(status: number, body: object | string, headers: Headers = {}) {
    super(`The response is ${status}.`);
    this.status = status;
    this.body = body;
    this.headers = headers;
  }
}

/** A missing or repeated parameter. Each service words the refusal in its own way. */
export class ParameterError extends Error {
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

/** Both halves of a Basic header, as they stand there: RFC 7617. */
export function basicCredentials(header = ''): readonly [id: string, secret: string] | undefined {
  const [, encoded] = /^Basic ([A-Za-z0-9+/]+=*)$/i.exec(header) ?? [];
  const [, id, secret] = /^([^:]*):(.*)$/s.exec(Buffer.from(encoded ?? '', 'base64').toString()) ?? [];
  return id === undefined || secret === undefined ? undefined : [id, secret];
}

/** RFC 6750 §2.1. */
export function bearerToken(header = ''): string | undefined {
  return /^Bearer (\S+)$/i.exec(header)?.[1];
}

/** The reason of a Google API error, for programs: google.rpc.ErrorInfo. */
export interface ErrorInfo {
  readonly reason: string;
  readonly domain: string;
  readonly metadata?: Readonly<Record<string, string>>;
}

interface Details {
  /** For programs. Default: the service's usual one for the status. */
  readonly name?: string;
  readonly headers?: Headers;
  /** Google APIs only. */
  readonly info?: ErrorInfo;
}

/** How a service words the errors that any of its endpoints may meet. */
export interface ErrorShape {
  error(status: number, message: string, details?: Details): WireError;
  readonly missing: string;
  readonly repeated: string;
}

export const FITBIT_DOCS =
  'Visit https://dev.fitbit.com/docs/oauth2 for more information on the Fitbit Web API authorization process.';

type Names = Readonly<Record<number, string>>;
const FITBIT: Names = {
  401: 'invalid_client',
  403: 'insufficient_scope',
  404: 'not_found',
  409: 'conflict',
  429: 'rate_limit',
};
const OAUTH: Names = {
  401: 'invalid_client',
  403: 'access_denied',
  429: 'rate_limit_exceeded',
  503: 'temporarily_unavailable',
};
const API: Names = {
  401: 'UNAUTHENTICATED',
  403: 'PERMISSION_DENIED',
  404: 'NOT_FOUND',
  409: 'ABORTED',
  429: 'RESOURCE_EXHAUSTED',
  502: 'UNAVAILABLE',
  503: 'UNAVAILABLE',
};

/** Fitbit's own error shape, which is not RFC 6749's. */
export function fitbitError(status: number, message: string, { name, headers }: Details = {}): WireError {
  const errorType = name ?? FITBIT[status] ?? (status < 500 ? 'invalid_request' : 'system');
  return new WireError(status, { errors: [{ errorType, message }], success: false }, headers);
}

/** An error of the Google OAuth endpoints: RFC 6749 §5.2. */
export function oauthError(status: number, message: string, { name, headers }: Details = {}): WireError {
  const error = name ?? OAUTH[status] ?? (status < 500 ? 'invalid_request' : 'internal_failure');
  return new WireError(status, { error, error_description: message }, headers);
}

/** An error of a Google API: google.rpc.Status as JSON. */
export function apiError(code: number, message: string, { name, headers, info }: Details = {}): WireError {
  const status = name ?? API[code] ?? (code < 500 ? 'INVALID_ARGUMENT' : 'INTERNAL');
  const details = info && [{ '@type': 'type.googleapis.com/google.rpc.ErrorInfo', ...info }];
  return new WireError(code, { error: { code, message, status, details } }, headers);
}

export const FITBIT_ERRORS: ErrorShape = {
  error: fitbitError,
  missing: 'Missing parameters',
  repeated: 'Repeated parameter',
};

export const OAUTH_ERRORS: ErrorShape = {
  error: oauthError,
  missing: 'Missing required parameter',
  repeated: 'OAuth 2 parameters can only have a single value',
};

export const API_ERRORS: ErrorShape = { ...OAUTH_ERRORS, error: apiError };
