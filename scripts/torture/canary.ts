import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { errnoOf } from '../../src/errors.ts';

/** As much of a secret as would give it away. All of ours are longer. */
const WINDOW = 16;

/**
 * Knows every secret of a run, and looks for them, whole or in part, where none may be. What it reports names the place
 * and the kind of secret, and never the secret.
 */
export class Canary {
  readonly #kinds = new Map<string, string>();
  readonly #heard = new Map<string, Map<string, string>>();
  #characters = 0;

  /** From now on, and in whatever was heard before, this is a secret. */
  mark(kind: string, secret: string | undefined): void {
    if (secret === undefined) return;
    if (secret.length < WINDOW)
      throw new Error(`A ${kind} of ${secret.length} characters cannot be told from other text.`);
    // All JWTs of one kind begin alike: what must stay hidden of them is the signature.
    const telling = secret.slice(secret.lastIndexOf('.') + 1);
    for (const part of [telling.slice(0, WINDOW), telling.slice(-WINDOW)]) {
      this.#kinds.set(part, this.#kinds.get(part) ?? kind);
    }
  }

  /** How many secrets are known. */
  get marked(): number {
    return this.#kinds.size / 2;
  }

  /** How much was searched, in characters. */
  get characters(): number {
    return this.#characters;
  }

  /** Keeps a text for the search: a secret may be marked only after it was printed. */
  hear(place: string, text: string): void {
    const texts = this.#heard.get(place) ?? new Map<string, string>();
    texts.set(createHash('sha256').update(text).digest('hex'), text);
    this.#heard.set(place, texts);
  }

  /** Keeps every file below `directory`, but for what is below `except`, where secrets belong. */
  async hearDirectory(directory: string, except: string): Promise<void> {
    for (const entry of await readdir(directory, { recursive: true, withFileTypes: true })) {
      const path = join(entry.parentPath, entry.name);
      if (!entry.isFile() || path.startsWith(join(except, '/'))) continue;
      try {
        this.hear(`left on disk: ${relative(directory, path)}`, `${path}\n${await readFile(path, 'latin1')}`);
      } catch (error) {
        if (errnoOf(error) !== 'ENOENT') throw error;
      }
    }
  }

  /** The kinds of secrets in a text. */
  kindsIn(text: string): readonly string[] {
    const kinds = new Set<string>();
    for (let start = 0; start + WINDOW <= text.length; start += 1) {
      const kind = this.#kinds.get(text.slice(start, start + WINDOW));
      if (kind !== undefined) kinds.add(kind);
    }
    return [...kinds];
  }

  /** Searches everything that was heard since the last time. */
  search(): readonly string[] {
    const found: string[] = [];
    for (const [place, texts] of this.#heard) {
      for (const text of texts.values()) {
        this.#characters += text.length;
        for (const kind of this.kindsIn(text)) found.push(`a secret (${kind}) in ${place}`);
      }
    }
    this.#heard.clear();
    return [...new Set(found)];
  }
}
