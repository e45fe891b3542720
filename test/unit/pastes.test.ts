import { describe, expect, test } from 'vitest';
import { readPastes } from '../../src/usecases/pastes.ts';

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

describe('reading pastes', () => {
  test('ends with the signal, in the middle of a wait, and tells the input so', async () => {
    const stop = new AbortController();
    const taken: string[] = [];
    const pasted = input(text('one'));
    const reading = readPastes(pasted, { onPaste: (paste) => taken.push(paste), signal: stop.signal });
    await new Promise(setImmediate);
    stop.abort();
    await reading;
    expect(taken).toEqual(['one']);
    expect(pasted.returned).toBe(true);
  });

  test('what comes together with the signal comes too late', async () => {
    const stop = new AbortController();
    const taken: string[] = [];
    const pasted = input(async () => {
      stop.abort();
      return { done: false, value: 'late' };
    });
    await readPastes(pasted, { onPaste: (paste) => taken.push(paste), signal: stop.signal });
    expect(taken).toEqual([]);
  });

  test('an input that breaks, or cannot even begin, has ended', async () => {
    const options = { onPaste: () => {}, signal: new AbortController().signal };
    await readPastes(
      input(() => Promise.reject(new Error('EIO'))),
      options,
    );
    const broken = {
      [Symbol.asyncIterator]: (): AsyncIterator<string> => {
        throw new Error('It is being read already.');
      },
    };
    await readPastes(broken, options);
  });
});
