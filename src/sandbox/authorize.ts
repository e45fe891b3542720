import type { FastifyInstance, FastifyReply } from 'fastify';
import { type AuthorizationRequest, judgeRequest } from './authorization-request.ts';
import { consentPage } from './pages/consent-page.ts';
import { sendPage } from './pages/page.ts';
import { decisionLostPage, refusalPage } from './pages/refusal-page.ts';
import { Parameters } from './parameters.ts';
import { Transactions } from './transactions.ts';
import type { World } from './world.ts';

const DENIED = { error: 'access_denied', error_description: 'The user denied the request.' };
const LOGIN_REQUIRED = {
  error: 'login_required',
  error_description: 'The sandbox remembers nobody: somebody has to be asked.',
};

/** The consent page, and the redirect back with what was decided on it. */
export function authorizeRoutes(app: FastifyInstance, { registry, ledger, faults }: World): void {
  const transactions = new Transactions();

  const ask = (reply: FastifyReply, request: AuthorizationRequest, notice?: string) => {
    const page = consentPage({ request, transaction: transactions.begin(request), people: registry.people, notice });
    return sendPage(reply, notice === undefined ? 200 : 400, page);
  };

  app.register(async (scope) => {
    faults.guard(scope, 'authorize');
    scope.get('/oauth2/authorize', (request, reply) => {
      const judgement = judgeRequest(new Parameters(request.query), registry);
      if (judgement.kind === 'refused') return sendPage(reply, 400, refusalPage(judgement));
      if (judgement.kind === 'login-required') return reply.redirect(back(judgement.request, LOGIN_REQUIRED));
      return ask(reply, judgement.request);
    });
  });

  app.register(async (scope) => {
    faults.guard(scope, 'decision');
    scope.post('/oauth2/authorize', (request, reply) => {
      const form = new Parameters(request.body);
      const asked = transactions.take(form.get('transaction'));
      if (asked === undefined) return sendPage(reply, 403, decisionLostPage());
      if (form.get('decision') !== 'allow') return reply.redirect(back(asked, DENIED));

      const person = registry.person(form.get('person'));
      const ticked = form.all('scope');
      const scopes = asked.scopes.filter((name) => ticked.includes(name));
      if (person === undefined) return ask(reply, asked, 'Choose who is signing in.');
      if (scopes.length === 0) return ask(reply, asked, 'Leave at least one box ticked, or press Deny.');

      const { client, redirectUri, codeChallenge } = asked;
      const code = ledger.issueCode({
        clientId: client.id,
        userId: person.userId,
        redirectUri,
        scopes,
        ...(codeChallenge === undefined ? {} : { codeChallenge }),
      });
      return reply.redirect(`${back(asked, { code })}#_=_`);
    });
  });
}

/** The redirect URI with the answer in its query. Blanks as `%20`, as Fitbit has them, never as `+`. */
function back({ redirectUri, state }: AuthorizationRequest, answer: Readonly<Record<string, string>>): string {
  const query = Object.entries({ ...answer, ...(state === undefined ? {} : { state }) })
    .map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
    .join('&');
  return `${redirectUri}${redirectUri.includes('?') ? '&' : '?'}${query}`;
}
