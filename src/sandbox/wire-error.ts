/** A request that a service would refuse: the status, body and headers of its answer, in the service's own shape. */
export class WireError extends Error {
  override readonly name = 'WireError';
  readonly status: number;
  readonly body: object;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, body: object, headers: Readonly<Record<string, string>> = {}) {
    super(`The answer is ${status}.`);
    this.status = status;
    this.body = body;
    this.headers = headers;
  }
}
