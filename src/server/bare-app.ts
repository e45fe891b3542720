import helmet from '@fastify/helmet';
import { type FastifyBaseLogger, type FastifyInstance, type FastifyRequest, fastify, LogController } from 'fastify';
import type { Rehearsal } from './rehearsal.ts';
import { parseTarget } from './target.ts';

/** The log of a server in this room. */
export interface RequestLog {
  /** Gets a line for each request: method, route and status. Never a query. Default: no log. */
  readonly log?: FastifyBaseLogger | undefined;
  /** Whose visit gets none. */
  readonly rehearsal?: Rehearsal | undefined;
}

export interface BareAppOptions extends RequestLog {
  /** What the pages' Content-Security-Policy lets in (CSP Level 3, source expressions); everything else is shut. */
  readonly policy: {
    readonly style: readonly string[];
    readonly script?: readonly string[];
    readonly connect?: readonly string[];
    readonly form: readonly string[];
  };
}

/** What every server of this room is before its first route: closed headers, and a log and a router that never see a query. */
export async function bareApp({ log, rehearsal, policy }: BareAppOptions): Promise<FastifyInstance> {
  const app = fastify({
    ...(log === undefined
      ? { logger: false }
      : { loggerInstance: log.child({}, { serializers: { req: withoutQuery } }) }),
    logController: new LogController({ disableRequestLogging: ({ headers }) => rehearsal?.isOf(headers) ?? false }),
    exposeHeadRoutes: false,
    bodyLimit: 64 * 1024,
    // The query never enters the router, so that none of Fastify's own log lines and errors can hold a code.
    rewriteUrl: ({ url = '' }) => parseTarget(url)?.path ?? '/',
    // No route has a schema: without these, compilers would be loaded at the cost of 80 ms at every start.
    schemaController: { compilersFactory: { buildValidator: () => unused, buildSerializer: () => unused } },
  });
  await app.register(helmet, {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        styleSrc: policy.style,
        ...(policy.script === undefined ? {} : { scriptSrc: policy.script }),
        ...(policy.connect === undefined ? {} : { connectSrc: policy.connect }),
        imgSrc: ['data:'],
        baseUri: ["'none'"],
        formAction: policy.form,
        frameAncestors: ["'none'"],
      },
    },
    // Plain http: a browser must not be told that this loopback host speaks https.
    strictTransportSecurity: false,
    xFrameOptions: { action: 'deny' },
  });
  app.addHook('onRequest', async (_request, reply) => {
    // One request a connection: none is left open to hold up the end of the program.
    reply.headers({ 'cache-control': 'no-store', connection: 'close' });
  });
  return app;
}

function withoutQuery({ method, routeOptions }: FastifyRequest) {
  return { method, route: routeOptions?.url ?? 'none' };
}

function unused(): never {
  throw new TypeError('No route has a schema.');
}
