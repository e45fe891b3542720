import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { FaultBoard } from './fault-board.ts';
import { type Choice, consentPage, decisionLostPage } from './pages/consent-page.ts';
import { type Page, sendPage } from './pages/page.ts';
import { Parameters } from './parameters.ts';
import type { SandboxPerson } from './people.ts';
import type { Service } from './service.ts';
import { Transactions } from './transactions.ts';

/** What an app asks a person for, as far as every service has it. */
export interface Asked<S extends string> {
  readonly client: { readonly id: string; readonly name: string };
  readonly redirectUri: string;
  readonly scopes: readonly S[];
  /** An account that the app expects: its person comes preselected. */
  readonly hint?: string;
}

export type Answer<A> =
  | { readonly kind: 'ask'; readonly asked: A }
  /** Back to the app without asking. */
  | { readonly kind: 'back'; readonly location: string }
  /** Shown here and never redirected: nothing goes back to an app whose request cannot be trusted. */
  | { readonly kind: 'refused'; readonly status: number; readonly page: Page };

export interface Allowed<S extends string> {
  readonly person: SandboxPerson;
  /** What was left ticked: at least one. */
  readonly scopes: readonly S[];
  /** The origin by which the browser knows this server. */
  readonly origin: string;
}

/** Where a service asks people, and its own rules of asking. */
export interface ConsentDesk<S extends string, A extends Asked<S>> {
  readonly service: Service;
  readonly path: string;
  /** Who has an account there. */
  readonly people: readonly SandboxPerson[];
  readonly words: (scope: S) => Choice;
  readonly account: (person: SandboxPerson) => string;
  judge(query: Parameters): Answer<A>;
  /** Both give where the browser goes. */
  denied(asked: A): string;
  allowed(asked: A, decision: Allowed<S>): string;
}

/** The consent page, and the redirect back with what was decided on it. */
export function consentRoutes<S extends string, A extends Asked<S>>(
  app: FastifyInstance,
  faults: FaultBoard,
  desk: ConsentDesk<S, A>,
): void {
  const { service, path, people } = desk;
  const transactions = new Transactions<A>();

  const ask = (reply: FastifyReply, asked: A, notice?: string) => {
    const { client, redirectUri, hint } = asked;
    const page = consentPage({
      service,
      path,
      client,
      redirectUri,
      scopes: asked.scopes.map(desk.words),
      people: people.map((person) => ({
        userId: person.userId,
        account: desk.account(person),
        expected: hint !== undefined && [person.email, person.subject].includes(hint),
      })),
      transaction: transactions.begin(asked),
      notice,
    });
    return sendPage(reply, notice === undefined ? 200 : 400, page);
  };

  app.register(async (scope) => {
    faults.guard(scope, service, 'authorize');
    scope.get(path, (request, reply) => {
      const answer = desk.judge(new Parameters(request.query));
      if (answer.kind === 'refused') return sendPage(reply, answer.status, answer.page);
      if (answer.kind === 'back') return reply.redirect(answer.location);
      return ask(reply, answer.asked);
    });
  });

  app.register(async (scope) => {
    faults.guard(scope, service, 'decision');
    scope.post(path, (request, reply) => {
      const form = new Parameters(request.body);
      const asked = transactions.take(form.get('transaction'));
      if (asked === undefined) return sendPage(reply, 403, decisionLostPage(service));
      if (form.get('decision') !== 'allow') return reply.redirect(desk.denied(asked));

      const person = people.find(({ userId }) => userId === form.get('person'));
      const ticked = form.all('scope');
      const scopes = asked.scopes.filter((name) => ticked.includes(name));
      if (person === undefined) return ask(reply, asked, 'Choose who is signing in.');
      if (scopes.length === 0) return ask(reply, asked, 'Leave at least one box ticked, or press Deny.');
      return reply.redirect(desk.allowed(asked, { person, scopes, origin: originOf(request) }));
    });
  });
}

/** The redirect URI with an answer in its query. */
export function back(redirectUri: string, query: string): string {
  return `${redirectUri}${redirectUri.includes('?') ? '&' : '?'}${query}`;
}

function originOf({ protocol, host }: FastifyRequest): string {
  return `${protocol}://${host}`;
}
