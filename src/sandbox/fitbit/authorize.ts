import type { FastifyInstance } from 'fastify';
import { back, consentRoutes } from '../consent-routes.ts';
import type { World } from '../world.ts';
import { type AuthorizationRequest, judgeRequest } from './authorization-request.ts';
import { refusalPage } from './refusal-page.ts';
import { SCOPES, type Scope } from './scopes.ts';

const DENIED = { error: 'access_denied', error_description: 'The user denied the request.' };
const LOGIN_REQUIRED = {
  error: 'login_required',
  error_description: 'The sandbox remembers nobody: somebody has to be asked.',
};

/** Fitbit's authorization endpoint. */
export function authorizeRoutes(app: FastifyInstance, { registry, fitbit, faults }: World): void {
  consentRoutes<Scope, AuthorizationRequest>(app, faults, {
    service: 'fitbit',
    path: '/oauth2/authorize',
    // Without a Health profile there never was a Fitbit account.
    people: registry.people.filter(({ link }) => link !== 'not-linked'),
    words: (scope) => ({ value: scope, words: SCOPES[scope].words, name: scope }),
    account: ({ displayName, userId }) => `${displayName} (${userId})`,
    judge: (query) => {
      const judgement = judgeRequest(query, registry);
      if (judgement.kind === 'refused') return { kind: 'refused', status: 400, page: refusalPage(judgement) };
      if (judgement.kind === 'login-required')
        return { kind: 'back', location: answerTo(judgement.request, LOGIN_REQUIRED) };
      return { kind: 'ask', asked: judgement.request };
    },
    denied: (asked) => answerTo(asked, DENIED),
    allowed: (asked, { person, scopes }) => {
      const { client, redirectUri, codeChallenge } = asked;
      const code = fitbit.issueCode({
        clientId: client.id,
        userId: person.userId,
        redirectUri,
        scopes,
        ...(codeChallenge === undefined ? {} : { codeChallenge }),
      });
      return `${answerTo(asked, { code })}#_=_`;
    },
  });
}

/** Blanks as `%20`, as Fitbit has them, never as `+`. */
function answerTo({ redirectUri, state }: AuthorizationRequest, answer: Readonly<Record<string, string>>): string {
  const query = Object.entries({ ...answer, ...(state === undefined ? {} : { state }) })
    .map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
    .join('&');
  return back(redirectUri, query);
}
