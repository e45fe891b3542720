import type { FastifyInstance } from 'fastify';
import type { GoogleClient } from '../clients.ts';
import { Parameters } from '../parameters.ts';
import type { WireError } from '../wire-error.ts';
import type { World } from '../world.ts';
import { authenticateClient } from './authentication.ts';
import type { Outcome, RefusalReason } from './ledger.ts';
import { oauthError } from './wire.ts';

const invalidGrant = (description: string) => () => oauthError(400, 'invalid_grant', description);

/** The answer to each reason for which the ledger refuses. */
const REFUSALS = {
  'code-unknown': (form) => invalidGrant(form.need('code').startsWith('4/') ? 'Bad Request' : 'Malformed auth code.')(),
  'code-spent': invalidGrant('Bad Request'),
  'code-expired': invalidGrant('Bad Request'),
  'redirect-mismatch': () => oauthError(400, 'redirect_uri_mismatch', 'Bad Request'),
  'verifier-missing': invalidGrant('Missing code verifier.'),
  'verifier-wrong': invalidGrant('Invalid code verifier.'),
  'refresh-token-unknown': invalidGrant('Bad Request'),
  'refresh-token-foreign': () => oauthError(401, 'unauthorized_client', 'Unauthorized'),
  'refresh-token-dead': invalidGrant('Token has been expired or revoked.'),
} as const satisfies Record<RefusalReason, (form: Parameters) => WireError>;

/** The token endpoint: codes and refresh tokens for access tokens. */
export function tokenRoutes(app: FastifyInstance, { registry, google, faults }: World): void {
  const grants = new Map<string, (form: Parameters, client: GoogleClient) => Outcome>([
    [
      'authorization_code',
      (form, client) => {
        const verifier = form.get('code_verifier');
        return google.exchange({
          code: form.need('code'),
          clientId: client.id,
          redirectUri: form.need('redirect_uri'),
          ...(verifier === undefined ? {} : { verifier }),
        });
      },
    ],
    ['refresh_token', (form, client) => google.refresh(form.need('refresh_token'), client.id)],
  ]);

  app.register(async (scope) => {
    faults.guard(scope, 'google', 'token');
    scope.post('/token', (request) => {
      const form = new Parameters(request.body).once();
      const grantType = form.need('grant_type');
      const client = authenticateClient(registry, request, form);
      const grant = grants.get(grantType);
      if (grant === undefined) throw oauthError(400, 'unsupported_grant_type', `Invalid grant_type: ${grantType}`);
      const outcome = grant(form, client);
      if (outcome.kind === 'refused') throw REFUSALS[outcome.reason](form);
      return outcome.answer;
    });
  });
}
