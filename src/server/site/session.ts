import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Departure, Notice } from '../pages/view.ts';

/**
 * The one browser that may use the site: it brings the opened address's key, once, and from then on the cookie that it got for it. On a
 * machine with several users, the loopback interface alone keeps none of them out.
 */
export class SiteSession {
  /** Where the pages are. A browser sends its cookies to every port of a host: this path cannot be guessed, and the cookie goes nowhere else. */
  readonly base = `/${random(16)}`;
  /** Its name cannot be guessed either, so that no other port's page can replace the cookie. */
  readonly cookie = { name: `fitbit-login-${random(8)}`, value: random(32) } as const;
  /** HttpOnly; gone with the browser's session (RFC 6265bis §4.1.2). */
  readonly cookieOptions = { path: this.base, httpOnly: true, sameSite: 'strict' } as const;
  /** What the next page needs, and what must not stand in an address. */
  readonly notices = new FlashStore<Notice>();
  readonly departures = new FlashStore<Departure>();
  ticks: ReadonlySet<string> = new Set();
  /** Resolves after *Stop*, or `idleMs` after the last request. A page in sight asks again and again, so that it keeps the site open. */
  readonly ended: Promise<'stopped' | 'idle'>;
  readonly #key = random(32);
  #spent = false;
  #end: (how: 'stopped' | 'idle') => void = () => {};
  readonly #timer: NodeJS.Timeout;

  constructor({ idleMs }: { readonly idleMs: number }) {
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
    this.#timer = setTimeout(this.#end, idleMs, 'idle');
  }

  /** The path and query to open. */
  get target(): string {
    return `/?key=${this.#key}`;
  }

  /** Whether this is the key, and was not used yet. */
  takesKey(key: string | null): boolean {
    return !this.#spent && isSame(key, this.#key);
  }

  spendKey(): void {
    this.#spent = true;
  }

  admits(cookies: Readonly<Record<string, string | undefined>>): boolean {
    return isSame(cookies[this.cookie.name], this.cookie.value);
  }

  touch(): void {
    this.#timer.refresh();
  }

  stop(): void {
    this.#end('stopped');
  }

  /** Leaves `ended` pending, unless it is resolved. */
  close(): void {
    clearTimeout(this.#timer);
  }
}

const CAPACITY = 32;

/** What a redirect hands to the page it leads to, under a random id. The oldest is forgotten first. */
class FlashStore<T> {
  readonly #values = new Map<string, T>();

  keep(value: T): string {
    const id = random(9);
    this.#values.set(id, value);
    const [oldest] = this.#values.keys();
    if (oldest !== undefined && this.#values.size > CAPACITY) this.#values.delete(oldest);
    return id;
  }

  get(id: string | null): T | undefined {
    return this.#values.get(id ?? '');
  }
}

function random(bytes: number): string {
  return randomBytes(bytes).toString('base64url');
}

/** In constant time, whatever the lengths. */
function isSame(given: string | null | undefined, right: string): boolean {
  const [a, b] = [given ?? '', right].map((text) => createHash('sha256').update(text).digest());
  return a !== undefined && b !== undefined && timingSafeEqual(a, b);
}
