import type { FastifyInstance } from 'fastify';
import { back, consentRoutes } from '../consent-routes.ts';
import type { World } from '../world.ts';
import { type AuthorizationRequest, judgeRequest } from './authorization-request.ts';
import { refusalPage } from './refusal-page.ts';
import { type GoogleScope, shortNameOf, wordsOf } from './scopes.ts';

/** Google's authorization endpoint. */
export function authorizeRoutes(app: FastifyInstance, { registry, google, faults, issuer }: World): void {
  consentRoutes<GoogleScope, AuthorizationRequest>(app, faults, {
    service: 'google',
    path: '/o/oauth2/v2/auth',
    people: registry.people,
    words: (scope) => ({ value: scope, words: wordsOf(scope), name: shortNameOf(scope) }),
    account: ({ displayName, email }) => `${displayName} (${email})`,
    judge: (query) => {
      const judgement = judgeRequest(query, registry);
      if (judgement.kind === 'refused')
        return { kind: 'refused', status: judgement.status, page: refusalPage(judgement) };
      if (judgement.kind === 'login-required')
        return { kind: 'back', location: refusedTo(judgement.request, 'login_required') };
      return { kind: 'ask', asked: judgement.request };
    },
    denied: (asked) => refusedTo(asked, 'access_denied'),
    allowed: (asked, { person, scopes, origin }) => {
      const { client, redirectUri, state, codeChallenge, offline, anew } = asked;
      const code = google.issueCode({
        clientId: client.id,
        userId: person.userId,
        redirectUri,
        scopes,
        offline,
        anew,
        testing: client.publishing === 'testing',
        ...(codeChallenge === undefined ? {} : { codeChallenge }),
      });
      const iss = issuer === undefined ? origin : issuer;
      return answerTo(redirectUri, [
        ['state', state],
        ['code', code],
        ['scope', scopes.join(' ')],
        ['iss', iss ?? undefined],
      ]);
    },
  });
}

function refusedTo({ redirectUri, state }: AuthorizationRequest, error: string): string {
  return answerTo(redirectUri, [
    ['error', error],
    ['state', state],
  ]);
}

/** Leaves the slashes and colons of codes and scopes as they are, as Google does; blanks are `%20`. */
function answerTo(
  redirectUri: string,
  answer: readonly (readonly [name: string, value: string | undefined])[],
): string {
  const query = answer.flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${encodeURIComponent(value).replaceAll('%2F', '/').replaceAll('%3A', ':')}`],
  );
  return back(redirectUri, query.join('&'));
}
