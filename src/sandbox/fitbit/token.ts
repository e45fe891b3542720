import type { FastifyInstance } from 'fastify';
import type { FitbitClient } from '../clients.ts';
import { Parameters } from '../parameters.ts';
import type { WireError } from '../wire-error.ts';
import type { World } from '../world.ts';
import { authenticateClient } from './authentication.ts';
import type { Outcome, RefusalReason } from './ledger.ts';
import { expiredCode, fitbitError, invalidCode, invalidRefreshToken, redirectMismatch } from './wire.ts';

/** The answer to each reason for which the ledger refuses; it repeats what was sent, as Fitbit's do. */
const REFUSALS = {
  'code-unknown': (form) => invalidCode(form.need('code')),
  'code-spent': (form) => invalidCode(form.need('code')),
  'code-expired': (form) => expiredCode(form.need('code')),
  'verifier-missing': (form) => invalidCode(form.need('code')),
  'verifier-wrong': (form) => invalidCode(form.need('code')),
  'redirect-mismatch': (form) => redirectMismatch(form.need('redirect_uri')),
  'refresh-token-invalid': (form) => invalidRefreshToken(form.need('refresh_token')),
} as const satisfies Record<RefusalReason, (form: Parameters) => WireError>;

/** The token endpoint: codes and refresh tokens for tokens. */
export function tokenRoutes(app: FastifyInstance, { registry, fitbit, faults }: World): void {
  const grants = new Map<string, (form: Parameters, client: FitbitClient) => Outcome>([
    [
      'authorization_code',
      (form, client) => {
        const verifier = form.get('code_verifier');
        return fitbit.exchange({
          code: form.need('code'),
          clientId: client.id,
          redirectUri: form.need('redirect_uri'),
          ...(verifier === undefined ? {} : { verifier }),
        });
      },
    ],
    ['refresh_token', (form, client) => fitbit.refresh(form.need('refresh_token'), client.id)],
  ]);

  app.register(async (scope) => {
    faults.guard(scope, 'fitbit', 'token');
    scope.post('/oauth2/token', (request) => {
      const form = new Parameters(request.body).once();
      const grantType = form.get('grant_type');
      if (grantType === undefined) throw fitbitError(400, 'invalid_request', "Missing 'grant_type' parameter value.");
      const client = authenticateClient(registry, request, form);
      const grant = grants.get(grantType);
      if (grant === undefined)
        throw fitbitError(400, 'unsupported_grant_type', `Unsupported grant_type: ${grantType}.`);
      const outcome = grant(form, client);
      if (outcome.kind === 'refused') throw REFUSALS[outcome.reason](form);
      return outcome.answer;
    });
  });
}
