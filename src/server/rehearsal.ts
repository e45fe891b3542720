import { randomBytes } from 'node:crypto';
import { authorities, type RedirectUri } from './redirect-uri.ts';

/** How a server visits itself. `fetch` is one. */
export type Visit = (url: string, init: { readonly headers: Record<string, string> }) => Promise<unknown>;

const HEADER = 'x-fitbit-login-rehearsal';

/**
 * A first visit, by this process to itself: the first answer of a server takes several times as long as its second, because Node
 * compiles what makes it up only then. So it is given before the person comes. It finds nothing there, and the log has no line of it.
 */
export class Rehearsal {
  /** Nobody else can leave the log without a line. */
  readonly #mark = randomBytes(16).toString('hex');

  /** Whether a request is that visit. */
  isOf(headers: Readonly<Record<string, unknown>>): boolean {
    return headers[HEADER] === this.#mark;
  }

  async visit(redirect: RedirectUri, visit: Visit): Promise<void> {
    const [authority = ''] = authorities(redirect);
    await visit(`http://${authority}${redirect.path.replace(/\/$/, '')}/rehearsal`, {
      headers: { [HEADER]: this.#mark },
    });
  }
}
