/**
 * Plays the person on the pages of oidc-provider, which take any name and password.
 *
 * @returns where the last page leads the browser: the app's redirect URI, not asked for yet
 */
export async function decideAtIssuer(authorizeUrl: URL, { allow = true } = {}): Promise<URL> {
  const cookies = new Map<string, string>();
  let at = authorizeUrl;
  let form: URLSearchParams | undefined;
  for (;;) {
    const response = await fetch(at, {
      redirect: 'manual',
      headers: { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; ') },
      ...(form === undefined ? {} : { method: 'POST', body: form }),
    });
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      cookies.set(name, value);
    }
    form = undefined;
    const location = response.headers.get('location');
    if (location !== null) {
      at = new URL(location, at);
      if (at.origin !== authorizeUrl.origin) return at;
      continue;
    }
    const page = await response.text();
    const [, prompt] = /name="prompt" value="(\w+)"/.exec(page) ?? [];
    if (prompt === undefined) throw new Error(`The issuer showed no form (${response.status}).`);
    if (allow) form = new URLSearchParams({ prompt, login: 'WALK01', password: 'any' });
    const [, next = ''] = (allow ? /action="([^"]+)"/ : /href="([^"]+\/abort)"/).exec(page) ?? [];
    at = new URL(next, at);
  }
}
