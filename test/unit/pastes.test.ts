import { describe, expect, test } from 'vitest';
import { acceptedPastes } from '../../src/auth/awaited-callback.ts';

/** An input whose every `next` is one of these, in turn. */
const input = (...nexts: readonly (() => Promise<IteratorResult<string>>)[]) => {
  const left = [...nexts];
  let returned = false;
  const never = () => new Promise<never>(() => {});
  return {
    get returned() {
      return returned;
    },
    [Symbol.asyncIterator]: () => ({
      next: () => (left.shift() ?? never)(),
      return: async () => {
        returned = true;
        return { done: true as const, value: undefined };
      },
    }),
  };
};
const text = (value: string) => async () => ({ done: false as const, value });

const turn = () => new Promise(setImmediate);

describe('reading what is pasted', () => {
  test('resolves with each next accepted text, and aborts the input at the end', async () => {
    const pasted = input(text('one'), text('two'), text('three'), text('four'));
    const stop = new AbortController();
    const next = acceptedPastes(pasted, stop.signal, (paste) => (/^t/.test(paste) ? paste : undefined));
    expect([await next(), await next()]).toEqual(['two', 'three']);
    expect(pasted.returned).toBe(false);
    stop.abort();
    expect(pasted.returned).toBe(true);
  });

  test('stops with the signal in the middle of a wait, and aborts the input', async () => {
    const stop = new AbortController();
    const taken: string[] = [];
    const pasted = input(text('one'));
    void acceptedPastes(pasted, stop.signal, (paste) => void taken.push(paste))();
    await turn();
    stop.abort();
    await turn();
    expect(taken).toEqual(['one']);
    expect(pasted.returned).toBe(true);
  });

  test('accepts nothing that arrives with the signal', async () => {
    const stop = new AbortController();
    const taken: string[] = [];
    const pasted = input(async () => {
      stop.abort();
      return { done: false, value: 'late' };
    });
    void acceptedPastes(pasted, stop.signal, (paste) => void taken.push(paste))();
    await turn();
    expect(taken).toEqual([]);
  });

  test('a broken input, or one that cannot start, does not end the wait', async () => {
    const broken = {
      [Symbol.asyncIterator]: (): AsyncIterator<string> => {
        throw new Error('It is being read already.');
      },
    };
    for (const pasted of [input(() => Promise.reject(new Error('EIO'))), broken]) {
      const reading = acceptedPastes(pasted, new AbortController().signal, () => undefined)();
      expect(await Promise.race([reading, turn().then(() => 'still waiting')])).toBe('still waiting');
    }
  });
});
