export interface ReadPastesOptions {
  readonly onPaste: (text: string) => void;
  /** Ends the reading, also in the middle of a wait for the next text. */
  readonly signal: AbortSignal;
}

/** Hands over what is pasted until the signal is given or nothing more comes. Never rejects: an input that breaks has ended. */
export async function readPastes(pasted: AsyncIterable<string>, { onPaste, signal }: ReadPastesOptions): Promise<void> {
  const stopped = new Promise<{ readonly done: true }>((resolve) => {
    signal.addEventListener('abort', () => resolve({ done: true }), { once: true });
  });
  try {
    const texts = pasted[Symbol.asyncIterator]();
    for (;;) {
      const next = await Promise.race([texts.next(), stopped]);
      if (next.done) break;
      if (!signal.aborted) onPaste(next.value);
    }
    // Not awaited: an iterable that is still waiting for its next text answers only after that.
    texts.return?.().catch(() => {});
  } catch {
    // Whoever gave the input knows better what to make of it; the browser may still answer.
  }
}
