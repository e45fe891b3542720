import { randomBytes } from 'node:crypto';
import { get } from 'node:http';
import { authorities, type RedirectUri } from './redirect-uri.ts';

const HEADER = 'x-fitbit-login-rehearsal';

/**
 * A first visit, by this process to itself: the first answer of a server takes several times as long as its second, because Node
 * reads what makes it up only then. So it is given before the person comes. It finds nothing there, and the log has no line of it.
 */
export class Rehearsal {
  /** Nobody else can leave the log without a line. */
  readonly #mark = randomBytes(16).toString('hex');

  /** Whether a request is that visit. */
  isOf(headers: Readonly<Record<string, unknown>>): boolean {
    return headers[HEADER] === this.#mark;
  }

  /** Never rejects. */
  visit(redirect: RedirectUri): Promise<void> {
    const [authority = ''] = authorities(redirect);
    const [host = ''] = redirect.addresses;
    const path = `${redirect.path.replace(/\/$/, '')}/rehearsal`;
    const headers = { host: authority, [HEADER]: this.#mark };
    return new Promise((resolve) => {
      get({ host, port: redirect.port, path, headers, agent: false }, (answer) =>
        answer.resume().once('close', resolve),
      )
        .once('error', () => resolve())
        .once('close', resolve);
    });
  }
}
