/** As much of oidc-provider, which brings no types, as is used here. */
declare module 'oidc-provider' {
  import type { EventEmitter } from 'node:events';
  import type { RequestListener } from 'node:http';

  /** What a Koa middleware is given. */
  export interface Context {
    path: string;
    status: number;
    body: unknown;
    readonly response: { get(header: string): string };
    set(header: string, value: string): void;
  }

  export default class Provider extends EventEmitter {
    constructor(issuer: string, configuration: Readonly<Record<string, unknown>>);
    callback(): RequestListener;
    use(middleware: (context: Context, next: () => Promise<void>) => Promise<void>): void;
  }
}
