/** A browser without a screen at the local pages: it keeps the cookie and sends the forms that it was shown. */
export class LocalVisitor {
  readonly origin: string;
  /** The path of the page that the printed address led to. */
  readonly page: string;
  readonly #base: string;
  readonly #cookie: string;

  private constructor(origin: string, page: string, cookie: string) {
    this.origin = origin;
    this.page = page;
    this.#base = page.slice(0, page.lastIndexOf('/'));
    this.#cookie = cookie;
  }

  /** Uses the printed address up. */
  static async enter(address: string): Promise<LocalVisitor> {
    const { origin } = new URL(address);
    const answer = await fetch(address, { redirect: 'manual' });
    const [cookie = ''] = (answer.headers.get('set-cookie') ?? '').split(';');
    return new LocalVisitor(origin, answer.headers.get('location') ?? '', cookie);
  }

  get(page: string): Promise<Response> {
    return fetch(new URL(page, this.origin), { headers: { cookie: this.#cookie } });
  }

  /** Sends a form of `page` to `to`, and follows where that leads. */
  async press(page: 'status' | 'setup', to: string, fields: Readonly<Record<string, string>>): Promise<Response> {
    const shown = await (await this.get(`${this.#base}/${page}`)).text();
    const [, token = ''] = /name="_csrf" value="([^"]+)"/.exec(shown) ?? [];
    const answer = await fetch(`${this.origin}${this.#base}/${to}`, {
      method: 'POST',
      headers: { cookie: this.#cookie, origin: this.origin },
      body: new URLSearchParams({ _csrf: token, ...fields }),
      redirect: 'manual',
    });
    const location = answer.headers.get('location');
    return location === null ? answer : this.get(location);
  }
}
