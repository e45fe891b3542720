import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Entrance } from '../entrance.ts';
import { sendPage } from '../pages/page.ts';
import type { Shell } from '../pages/shell.ts';
import type { Notice, PageName } from '../pages/site-view.ts';
import { leavingView } from '../pages/texts.ts';
import { Recent } from '../recent.ts';
import type { Next, SiteOptions } from '../site.ts';
import { queryOf } from '../target.ts';

/** Where a tab goes after a form, and what it is told there: always by a 303, so that a reload repeats nothing. */
export class Way {
  readonly #base: string;
  readonly #start: PageName;
  readonly #pages: readonly PageName[];
  readonly #now: () => Date;
  readonly #notices = new Recent<Notice>();
  readonly #addresses = new Recent<URL>();

  constructor({ entrance, setup, status, start, now }: Omit<SiteOptions, 'log'> & { readonly entrance: Entrance }) {
    this.#base = entrance.base;
    this.#pages = [
      ...(status === undefined ? [] : (['status'] as const)),
      ...(setup === undefined ? [] : (['setup'] as const)),
    ];
    this.#start = start ?? this.#pages[0] ?? 'setup';
    this.#now = now;
  }

  /** The path of the first page. */
  get start(): string {
    return this.#path(this.#start);
  }

  /** Sends the tab on from the page that it was on. */
  follow(reply: FastifyReply, next: Next, from: PageName): FastifyReply {
    if (next.kind === 'redirect') {
      return reply.redirect(`${this.#base}/onward?to=${this.#addresses.keep(new URL(next.url))}`, 303);
    }
    const said = next.notice === undefined ? '' : `?said=${this.#notices.keep(next.notice)}`;
    return reply.redirect(this.#path(next.page ?? from) + said, 303);
  }

  /**
   * Leaves for the provider by a page that goes there by itself: browsers hold a form's `form-action` against every redirect that
   * follows it, and nobody knows which hosts a provider's own sign-in passes through.
   */
  leave(request: FastifyRequest, reply: FastifyReply): FastifyReply {
    const to = this.#addresses.find(queryOf(request.originalUrl).get('to'));
    if (to === undefined) return reply.redirect(this.start, 303);
    return sendPage(reply.header('refresh', `0;url=${to.href}`), 200, leavingView(to));
  }

  /** What goes around a page that answers this request. */
  shell(request: FastifyRequest, reply: FastifyReply, page: PageName): Shell {
    const notice = this.#notices.find(queryOf(request.originalUrl).get('said'));
    return {
      base: this.#base,
      page,
      pages: this.#pages,
      csrf: reply.generateCsrf(),
      now: this.#now(),
      ...(notice === undefined ? {} : { notice }),
    };
  }

  #path(page: PageName): string {
    return `${this.#base}/${page}`;
  }
}
