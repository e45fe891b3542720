import fc from 'fast-check';
import { expect, test } from 'vitest';
import { runs } from '../extent.ts';
import { signInFixture } from './sign-in.ts';

const EVIL = 'https://evil.example';
const RUNS = runs(4_000);

const word = fc.string({ unit: 'binary', maxLength: 20 });
/** States that are nearly right; `STATE` stands for the right one. */
const nearly = (state: string) =>
  fc.oneof(
    fc.nat(state.length - 1).map((at) => state.slice(0, at)),
    fc.nat(state.length - 1).map((at) => state.slice(0, at) + (state[at] === 'A' ? 'B' : 'A') + state.slice(at + 1)),
    fc.constantFrom(
      state.toUpperCase(),
      state.toLowerCase(),
      ` ${state}`,
      `${state} `,
      `${state}=`,
      `${state}\n`,
      state + state,
    ),
    word.map((more) => `${state}${more || '.'}`),
    word,
  );

/** Queries that no right answer can be: most have a wrong state, the others the right one and something that forbids it. */
function forgeries(state: string): fc.Arbitrary<string> {
  const pair = (name: fc.Arbitrary<string>, value: fc.Arbitrary<string>) => fc.tuple(name, value);
  const answer = fc.array(
    pair(fc.constantFrom('code', 'error', 'error_description', 'iss', 'scope', '__proto__', 'response'), word),
    { maxLength: 6 },
  );
  const encode = (pairs: readonly (readonly [string, string])[]) =>
    pairs.map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`).join('&');
  const code = ['code', 'stolen'] as const;
  return fc.oneof(
    {
      weight: 6,
      arbitrary: fc.tuple(answer, nearly(state)).map(([rest, wrong]) => encode([...rest, code, ['state', wrong]])),
    },
    { weight: 1, arbitrary: answer.map((rest) => encode(rest)) },
    { weight: 1, arbitrary: answer.map((rest) => encode([['state', state], ...rest, code, ['state', state]])) },
    { weight: 1, arbitrary: word.map((other) => encode([code, ['state', state], ['iss', `${EVIL}/${other}`]])) },
    { weight: 1, arbitrary: word.map((other) => encode([code, code, ['state', state], ['x', other]])) },
    {
      weight: 1,
      arbitrary: word.map((other) =>
        encode([
          ['state', state],
          ['cod', other],
        ]),
      ),
    },
  );
}

test('generated callbacks: no 5xx, no crash, exactly one exchange, and the tokens stored', async () => {
  await using at = await signInFixture();
  const waiting = await at.begin();
  const reasons = new Map<string, number>();
  let seen = 0;
  await fc.assert(
    fc.asyncProperty(forgeries(waiting.state), async (query) => {
      const { status, body } = await waiting.visit(`/callback?${query}`);
      expect(status).toBeGreaterThanOrEqual(400);
      expect(status).toBeLessThan(500);
      expect(body).not.toContain('<script ');
      for (const event of waiting.events.slice(seen)) {
        const reason = event.kind === 'unexpected-request' ? event.reason : event.kind;
        reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
      }
      seen = waiting.events.length;
    }),
    { numRuns: RUNS },
  );
  // Every rule was met, so that none passes by never being asked.
  expect([...reasons.keys()].sort()).toEqual(
    ['waiting', 'no-answer', 'no-state', 'other-issuer', 'repeated-parameter', 'wrong-state'].sort(),
  );
  expect(at.sandbox.state().counts).toMatchObject({ exchanges: 0, invalidGrants: 0 });
  expect(at.sent).toHaveLength(0);

  // The right answer twice, among errors with the right state that come too late.
  const target = await waiting.answer();
  const late = ['access_denied', 'server_error', '%00'].map(
    (error) => `/callback?error=${error}&state=${waiting.state}`,
  );
  const [first, second] = await Promise.all(
    [target, target, ...late].map((each) => waiting.visit(each, { accept: '*/*' })),
  );
  expect([first?.status, second?.status]).toEqual([200, 200]);
  expect(second?.body).toMatch(/signed in/i);
  await expect(waiting.result).resolves.toMatchObject({ userId: 'WALK01' });
  expect(at.sandbox.state().counts).toMatchObject({ exchanges: 1, invalidGrants: 0 });
  expect(at.sent).toHaveLength(1);
  expect(at.sandbox.isLive(JSON.parse(await at.stored()).refresh_token)).toBe(true);
}, 60_000);
