import type { FastifyInstance } from 'fastify';
import * as v from 'valibot';
import { AuthError } from '../errors.ts';
import { type Context, stateOf } from './context.ts';
import { FaultSchema, PLACES } from './faults.ts';
import { indexPage } from './index-page.ts';
import { sendPage } from './pages.ts';
import { FITBIT_TYPES, GOOGLE_TYPES, PUBLISHING } from './registry.ts';
import { fitbitError, type WireError } from './wire.ts';

const ClockStep = v.strictObject({ step_seconds: v.number() });
const FaultsToClear = v.object({ at: v.optional(v.picklist(PLACES)) });
const NewClient = v.strictObject({
  id: v.pipe(v.string(), v.nonEmpty()),
  secret: v.optional(v.string()),
  type: v.optional(v.picklist([...FITBIT_TYPES, ...GOOGLE_TYPES])),
  name: v.optional(v.string()),
  redirectUris: v.optional(v.array(v.string())),
  publishing: v.optional(v.picklist(PUBLISHING)),
});

/** The index page, and the control API: state, clock, faults and apps. */
export function controlRoutes(app: FastifyInstance, context: Context): void {
  const { clock, faults, registry } = context;

  app.get('/', (_request, reply) => sendPage(reply, 200, indexPage(registry)));

  app.get('/sandbox/state', () => stateOf(context));

  app.post('/sandbox/clock', (request) => {
    clock.step(parse(ClockStep, request.body).step_seconds * 1000);
    return stateOf(context);
  });

  app.post('/sandbox/faults', (request) => {
    faults.add(parse(FaultSchema, request.body));
    return stateOf(context);
  });

  app.delete('/sandbox/faults', (request) => {
    faults.clear(parse(FaultsToClear, request.query).at);
    return stateOf(context);
  });

  app.post('/sandbox/clients', (request) => {
    const registration = parse(NewClient, request.body);
    try {
      registry.register(registration);
    } catch (error) {
      if (error instanceof AuthError) throw invalid(error.message);
      throw error;
    }
    return stateOf(context);
  });
}

/** @throws WireError 400 `invalid_request` that says what is wrong */
function parse<T>(schema: v.GenericSchema<unknown, T>, input: unknown): T {
  const parsed = v.safeParse(schema, input);
  if (parsed.success) return parsed.output;
  throw invalid(v.summarize(parsed.issues));
}

function invalid(message: string): WireError {
  return fitbitError(400, 'invalid_request', message);
}
