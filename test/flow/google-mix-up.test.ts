import { describe, expect, test } from 'vitest';
import { guestAt } from './party.ts';
import { PROVIDERS } from './providers.ts';

const PAIRS = PROVIDERS.flatMap((asked) => PROVIDERS.map((answering) => [asked, answering] as const)).filter(
  // Fitbit names no issuer in its answers, so there its state and its redirect URI are all there is.
  ([, answering]) => answering.id !== 'fitbit',
);

describe('mix-up (RFC 9207 §1): a sign-in whose person was led to another provider, with the same state', () => {
  test.each(PAIRS.map(([asked, answering]) => [asked.name, answering.name, asked, answering] as const))(
    '§7 waiting for %s, answered by %s: refused, nothing is exchanged, and the wait goes on',
    async (_asked, _answering, asked, answering) => {
      await using at = await guestAt(asked);
      await using other = await answering.start(() => new Date());
      const begun = await at.begin();
      const { redirectUri, url } = begun;

      // The same request, at the other provider, for the app that the person has there.
      const elsewhere = await at.party.decide(url);
      other.register(redirectUri);
      const led = await guestAt(answering);
      const there = new URL((await led.begin()).url);
      await led[Symbol.asyncDispose]();
      const moved = new URL(there.pathname, other.issuer);
      moved.search = there.search;
      for (const name of ['state', 'redirect_uri', 'code_challenge']) {
        moved.searchParams.set(name, url.searchParams.get(name) ?? '');
      }
      const answer = await other.decide(moved);
      expect(answer.searchParams.get('iss')).toBe(other.issuer);

      const before = at.sent.length;
      expect(await (await begun.deliver(answer)).text()).toContain('another provider');
      expect(begun.events.at(-1)).toMatchObject({ kind: 'stray', reason: 'other-issuer' });
      expect(at.sent).toHaveLength(before);
      await begun.deliver(elsewhere);
      expect(await begun.result).toMatchObject({ provider: asked.id });
    },
  );
});
