import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

/**
 * Who may come in: whoever brings the key of the address that was opened, once, and from then on whoever brings the cookie that it
 * was exchanged for. On a machine of several users the loopback interface alone keeps nobody out.
 */
export class Entrance {
  /**
   * Where the pages are. A browser sends its cookies to every port of a host, other users' too: nobody can guess this path, and the
   * cookie goes nowhere else.
   */
  readonly base = `/${random(16)}`;
  /** Its name is not guessable either, so that no other port's page can put a cookie over it. */
  readonly cookie = { name: `fitbit-login-${random(8)}`, value: random(32) } as const;
  /** HttpOnly; gone with the browser's session (RFC 6265bis §4.1.2). */
  readonly cookieOptions = { path: this.base, httpOnly: true, sameSite: 'strict' } as const;
  readonly #key = random(32);
  #spent = false;

  /** The path and query to open. */
  get target(): string {
    return `/?key=${this.#key}`;
  }

  /** Whether this is the key, for the first time. A wrong one does not spend it. */
  spend(key: string | null): boolean {
    if (this.#spent || !same(key, this.#key)) return false;
    this.#spent = true;
    return true;
  }

  admits(cookies: Readonly<Record<string, string | undefined>>): boolean {
    return same(cookies[this.cookie.name], this.cookie.value);
  }
}

function random(bytes: number): string {
  return randomBytes(bytes).toString('base64url');
}

/** In constant time, whatever the lengths. */
function same(given: string | null | undefined, right: string): boolean {
  const [a, b] = [given ?? '', right].map((text) => createHash('sha256').update(text).digest());
  return a !== undefined && b !== undefined && timingSafeEqual(a, b);
}
