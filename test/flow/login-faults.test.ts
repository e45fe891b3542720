import { readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { inspect } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { AuthError, ErrorCode } from '../../src/errors.ts';
import { boundedFetch } from '../../src/network/fetch.ts';
import { type Fault, faultKindsAt } from '../../src/sandbox/faults.ts';
import { some } from '../extent.ts';
import { type SignInFixture, signInFixture } from './sign-in.ts';

type Broken = Omit<Fault, 'at'>;

/** What the token endpoint does, and what the sign-in becomes. */
const REFUSED: readonly (readonly [Broken, ErrorCode])[] = [
  [{ kind: 'status', status: 400 }, 'REQUEST_REJECTED'],
  [{ kind: 'status', status: 400, errorType: 'invalid_grant' }, 'SIGN_IN_FAILED'],
  [{ kind: 'status', status: 400, errorType: 'invalid_scope' }, 'SCOPE_REJECTED'],
  [{ kind: 'status', status: 400, errorType: 'of_its_own' }, 'ANSWER_INVALID'],
  [{ kind: 'status', status: 401 }, 'CLIENT_REJECTED'],
  [{ kind: 'status', status: 403 }, 'ANSWER_INVALID'],
  [{ kind: 'status', status: 409 }, 'UNAVAILABLE'],
  [{ kind: 'status', status: 410 }, 'RETIRED'],
  [{ kind: 'status', status: 429, resetSeconds: 41 }, 'RATE_LIMITED'],
  [{ kind: 'status', status: 500 }, 'UNAVAILABLE'],
  [{ kind: 'status', status: 502 }, 'UNAVAILABLE'],
  [{ kind: 'status', status: 503 }, 'UNAVAILABLE'],
  [{ kind: 'status', status: 200 }, 'ANSWER_INVALID'],
  [{ kind: 'redirect' }, 'ANSWER_INVALID'],
  [{ kind: 'redirect', status: 307, location: '/oauth2/token' }, 'ANSWER_INVALID'],
  [{ kind: 'empty' }, 'ANSWER_INVALID'],
  [{ kind: 'html' }, 'ANSWER_INVALID'],
  [{ kind: 'invalid-json' }, 'ANSWER_INVALID'],
  [{ kind: 'truncated-json' }, 'ANSWER_INVALID'],
  [{ kind: 'null-body' }, 'ANSWER_INVALID'],
  [{ kind: 'array-body' }, 'ANSWER_INVALID'],
  [{ kind: 'deep-json' }, 'ANSWER_INVALID'],
  [{ kind: 'wrong-types' }, 'ANSWER_INVALID'],
  [{ kind: 'missing-access-token' }, 'ANSWER_INVALID'],
  [{ kind: 'negative-expires' }, 'ANSWER_INVALID'],
  [{ kind: 'token-type-other' }, 'ANSWER_INVALID'],
  [{ kind: 'huge' }, 'ANSWER_INVALID'],
  [{ kind: 'gzip-bomb' }, 'ANSWER_INVALID'],
  [{ kind: 'huge-header' }, 'UNAVAILABLE'],
  [{ kind: 'reset' }, 'UNAVAILABLE'],
  [{ kind: 'lost-answer' }, 'UNAVAILABLE'],
  [{ kind: 'hang' }, 'UNAVAILABLE'],
  [{ kind: 'drip', ms: 20 }, 'UNAVAILABLE'],
  [{ kind: 'delay', ms: 60_000 }, 'UNAVAILABLE'],
  [{ kind: 'delay-answer', ms: 60_000 }, 'UNAVAILABLE'],
];

/** Odd, but tokens all the same. */
const ACCEPTED: readonly Broken[] = [
  { kind: 'delay', ms: 1 },
  { kind: 'delay-answer', ms: 1 },
  { kind: 'wrong-content-type' },
  { kind: 'zero-expires' },
  { kind: 'missing-expires' },
  { kind: 'missing-refresh-token' },
  { kind: 'missing-scope' },
  { kind: 'token-type-lower' },
  { kind: 'extra-fields' },
  { kind: 'proto' },
  { kind: 'duplicate-keys' },
];

// As the real ones, only shorter; the machine that runs this may be busy.
const withShortTimeouts = boundedFetch(fetch, { answerMs: 800, totalMs: 1_200 });

const secretsOf = (form: URLSearchParams) => [form.get('code') ?? '?', form.get('code_verifier') ?? '?'];
const secretsIn = (file: string): readonly string[] => {
  const { access_token: access, refresh_token: refresh, client_secret: client } = JSON.parse(file);
  return [access, refresh, client];
};
const titled = <T extends Broken>({ kind, status, errorType }: T) =>
  [kind, status, errorType].filter(Boolean).join(' ');

describe('a malicious or broken token endpoint', () => {
  let at: SignInFixture;
  beforeAll(async () => {
    at = await signInFixture({ fetch: withShortTimeouts });
    await at.signIn();
  });
  afterAll(() => at[Symbol.asyncDispose]());

  test('every fault that the sandbox knows is tried', () => {
    const tried = new Set<string>([...REFUSED.map(([{ kind }]) => kind), ...ACCEPTED.map(({ kind }) => kind)]);
    expect(faultKindsAt('fitbit', 'token').filter((kind) => !tried.has(kind))).toEqual([]);
  });

  test.each(some(REFUSED, 16).map(([fault, code]) => [titled(fault), code, fault] as const))(
    '%s → %s: the tokens stay byte for byte, and no secret is shown',
    async (_title, code, fault) => {
      at.sandbox.faults.clear();
      at.sandbox.faults.add({ at: 'token', ...fault });
      const old = await at.stored();
      const sentBefore = at.sent.length;
      const waiting = await at.begin();
      const page = await (await waiting.consent()).text();
      const error: unknown = await waiting.result.catch((thrown: unknown) => thrown);

      expect(error).toMatchObject({ code, preserved: expect.stringMatching(/unchanged/) });
      expect(await at.stored()).toBe(old);
      expect(await readdir(dirname(at.file))).toEqual(['default.json']);
      // Nothing is sent twice: a code works once.
      expect(at.sent.length).toBe(sentBefore + 1);
      expect(page.replaceAll('<wbr>', '')).toContain(code);

      const log = await readFile(join(at.home, 'log/fitbit-login.log'), 'utf8');
      const events = waiting.events.filter(({ kind }) => kind !== 'waiting');
      const shown = [page, log, inspect(error, { depth: 9 }), JSON.stringify(error), JSON.stringify(events)].join('\n');
      for (const secret of [...secretsIn(old), waiting.state, ...at.sent.flatMap(secretsOf)]) {
        expect(shown).not.toContain(secret);
      }
    },
  );

  test.each(some(ACCEPTED, 4).map((fault) => [titled(fault), fault] as const))(
    '%s: signed in',
    async (_title, fault) => {
      at.sandbox.faults.clear();
      at.sandbox.faults.add({ at: 'token', ...fault });
      const profile = 'accepted';
      await expect(at.signIn({ profile })).resolves.toMatchObject({ userId: 'WALK01' });
      const { access_token: token, ...file } = JSON.parse(
        await readFile(join(dirname(at.file), 'accepted.json'), 'utf8'),
      );
      // A JWT, as the endpoint gave it last: neither the polluted nor the first of two.
      expect(token).toMatch(/^eyJ/);
      expect(file).not.toHaveProperty('note');
      expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false);
    },
  );

  test('a rate limit says when it resets, a retired service where to go', async () => {
    for (const [fault, words] of [
      [{ kind: 'status', status: 429, resetSeconds: 41 }, '41 seconds'],
      [{ kind: 'status', status: 410 }, 'Google Health'],
    ] as const) {
      at.sandbox.faults.clear();
      at.sandbox.faults.add({ at: 'token', ...fault });
      const error: AuthError = await at.signIn().catch((thrown) => thrown);
      expect(`${error.message} ${error.hint}`).toContain(words);
      expect(error.exitCode).toBe(fault.status === 410 ? 2 : 5);
    }
  });
});
