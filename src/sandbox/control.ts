import type { FastifyInstance } from 'fastify';
import * as v from 'valibot';
import { AuthError } from '../errors.ts';
import { FITBIT_TYPES, GOOGLE_TYPES, PUBLISHING, type Registration } from './clients.ts';
import { FaultSchema } from './fault.ts';
import { PLACES, type Place } from './fault-kind.ts';
import { fitbitError } from './fitbit/wire.ts';
import { indexPage } from './pages/index-page.ts';
import { sendPage } from './pages/page.ts';
import { snapshot } from './snapshot.ts';
import type { WireError } from './wire-error.ts';
import type { World } from './world.ts';

const ClockStep = v.strictObject({ step_seconds: v.number() });
const FaultsToClear = v.object({ at: v.exactOptional(v.picklist(PLACES)) });
const NewClient = v.strictObject({
  id: v.pipe(v.string(), v.nonEmpty()),
  secret: v.exactOptional(v.string()),
  type: v.exactOptional(v.picklist([...FITBIT_TYPES, ...GOOGLE_TYPES])),
  name: v.exactOptional(v.string()),
  redirectUris: v.exactOptional(v.array(v.string())),
  publishing: v.exactOptional(v.picklist(PUBLISHING)),
});

/** The sandbox's own pages: what it is, what it knows, and the controls of its clock, faults and apps. */
export function controlRoutes(app: FastifyInstance, world: World): void {
  const { clock, faults, registry } = world;

  app.get('/', (_request, reply) => sendPage(reply, 200, indexPage(registry)));

  app.get('/sandbox/state', () => snapshot(world));

  app.post('/sandbox/clock', (request) => {
    clock.step(parse(ClockStep, request.body).step_seconds * 1000);
    return snapshot(world);
  });

  app.post('/sandbox/faults', (request) => {
    faults.add(parse(FaultSchema, request.body));
    return snapshot(world);
  });

  app.delete('/sandbox/faults', (request) => {
    const { at }: { at?: Place } = parse(FaultsToClear, request.query);
    faults.clear(at);
    return snapshot(world);
  });

  app.post('/sandbox/clients', (request) => {
    const registration: Registration = parse(NewClient, request.body);
    try {
      registry.register(registration);
    } catch (error) {
      if (error instanceof AuthError) throw refusal(error.message);
      throw error;
    }
    return snapshot(world);
  });
}

/** @throws WireError 400 `invalid_request` which says what does not fit */
function parse<T>(schema: v.GenericSchema<unknown, T>, input: unknown): T {
  const parsed = v.safeParse(schema, input);
  if (parsed.success) return parsed.output;
  throw refusal(v.summarize(parsed.issues));
}

function refusal(message: string): WireError {
  return fitbitError(400, 'invalid_request', message);
}
