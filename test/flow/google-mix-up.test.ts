import { describe, expect, test } from 'vitest';
import { providerFixture } from './provider-fixture.ts';
import { PROVIDERS } from './providers.ts';

const PAIRS = PROVIDERS.flatMap((asked) => PROVIDERS.map((answering) => [asked, answering] as const)).filter(
  // Fitbit names no issuer in its answers, so there its state and its redirect URI are all there is.
  ([, answering]) => answering.id !== 'fitbit',
);

describe('mix-up (RFC 9207 §1): the user was sent to another provider with the same state', () => {
  test.each(PAIRS.map(([asked, answering]) => [asked.name, answering.name, asked, answering] as const))(
    '§7 waiting for %s, response from %s: refused, nothing is exchanged, and the sign-in still waits',
    async (_asked, _answering, asked, answering) => {
      await using at = await providerFixture(asked);
      await using other = await providerFixture(answering);
      const begun = await at.begin();
      const { redirectUri, url, events } = begun;
      const { url: elsewhere } = await other.begin();
      for (const name of ['state', 'redirect_uri', 'code_challenge'])
        elsewhere.searchParams.set(name, url.searchParams.get(name) ?? '');
      other.provider.register(redirectUri);
      const answer = await other.provider.decide(elsewhere);
      expect(answer.searchParams.get('iss')).toBe(other.provider.issuer);

      const before = at.sent.length;
      expect(await (await begun.deliver(answer)).text()).toContain('Still waiting');
      expect(events.at(-1)).toMatchObject({ kind: 'unexpected-request', reason: 'other-issuer' });
      expect(at.sent).toHaveLength(before);
      await begun.deliver(await begun.answer());
      expect(await begun.result).toMatchObject({ provider: asked.id });
    },
  );
});
