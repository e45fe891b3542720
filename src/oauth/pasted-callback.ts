import { type Callback, type ExpectedState, type UnexpectedReason, validateCallback } from './authorization.ts';
import type { AuthorizationServer, ClientRegistration } from './server.ts';

/** What a person pasted, taken apart and not validated yet. */
type Pasted =
  | 'nothing'
  | 'unreadable'
  /** `url` is absent where the parameters came without one; `isBare` is set where the code came without its name. */
  | { readonly url?: URL; readonly parameters: URLSearchParams; readonly isBare?: boolean };

/** Longer than any callback; the server takes half of it. */
const MAX_LENGTH = 16 * 1024;

const QUOTES = /^["'`<>“”„‘’‚«»‹›]+|["'`<>“”„‘’‚«»‹›]+$/g;
/** Spaces and line breaks, the invisible ones included. */
const SPACES = /[\s\u200b-\u200d\u2060]/g;
const BROKEN_PERCENT = /%(?![0-9a-f]{2})/i;
const HOST_FIRST = /^(127\.0\.0\.1|\[::1\]|localhost)(?=[:/?])/i;

/**
 * Takes apart what was pasted: a whole URL, its query, or the code alone. Quotes and spaces around it, line breaks of a
 * terminal that wrapped it, and a fragment such as Fitbit's `#_=_` are dropped. No browser shows the `http://` of a loopback
 * URL, so it may be missing.
 */
function readPaste(text: string): Pasted {
  const compact = text.replace(SPACES, '').replace(QUOTES, '').replace(/#.*/, '');
  if (compact === '') return 'nothing';
  if (BROKEN_PERCENT.test(compact)) return 'unreadable';
  const address = compact.replace(HOST_FIRST, 'http://$1');
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(address)) {
    if (!URL.canParse(address)) return 'unreadable';
    const url = new URL(address);
    return { url, parameters: url.searchParams };
  }
  if (/^\?|^[\w.-]+=/.test(compact)) return { parameters: new URLSearchParams(compact) };
  // All that follows "code=" in the address bar.
  return { parameters: new URLSearchParams(`code=${compact}`), isBare: true };
}

/** URLs inside other text: a sentence, Markdown, HTML; and in a mail gateway's safe link, as a parameter or in its path. */
function urlsIn(text: string): readonly URL[] {
  const found: URL[] = [];
  // Brackets only around an IPv6 address: elsewhere they are Markdown's.
  for (const [match] of text.matchAll(/(?:\[::1\]|\w)[^\s"'`<>()[\]“”‘’«»]*/g)) {
    const address = match.replace(/[.,;:!?*]+$|__;.*/, '').replace(HOST_FIRST, 'http://$1');
    if (BROKEN_PERCENT.test(address) || !URL.canParse(address)) continue;
    const url = new URL(address);
    const inPath = address.replace(/.+?(?=https?:\/\/)/i, '');
    const inner = [...url.searchParams.values(), inPath].filter((value) => URL.canParse(value));
    found.push(url, ...inner.map((value) => new URL(value)));
  }
  return found;
}

/** Why what was pasted is not the expected callback. */
export type PasteReason =
  | Exclude<UnexpectedReason, 'no-state'>
  | 'unreadable'
  /** The URL that was to be opened, or another of the provider's. */
  | 'sign-in-page'
  | 'other-address'
  /** A code without a state, of a server that is not known to check PKCE. */
  | 'code-alone';

/** What a paste turned out to be. @internal */
export type PastedCallbackResult =
  | Callback
  | { readonly kind: 'nothing' }
  | { readonly kind: 'wrong'; readonly reason: PasteReason };

/** What a paste is compared with. @internal */
export interface ExpectedCallback {
  readonly server: AuthorizationServer;
  readonly client: ClientRegistration;
  readonly pending: ExpectedState;
  readonly redirectUri: string;
}

const ANY_CODE = /^[\w.~+/=:-]{16,2048}$/;

/**
 * Validates what a person pasted as {@link validateCallback} does a request, with these differences. A URL must be the
 * redirect URI, and may be https: a browser that upgrades it never reaches us. The state may be missing, because only the
 * person can paste: a denial then needs none, and a code is safe where the server holds it to this authorization's verifier
 * (RFC 9700 §2.1.1, §4.5.3). A URL with our state is found inside other text.
 * @internal
 */
export function validatePastedCallback(expected: ExpectedCallback, text: string): PastedCallbackResult {
  if (text.length > MAX_LENGTH) return { kind: 'wrong', reason: 'unreadable' };
  const result = validatePaste(expected, readPaste(text));
  if (result.kind !== 'wrong') return result;
  const state = expected.pending.state.reveal();
  const url = urlsIn(text).find(
    (candidate) => candidate.searchParams.get('state') === state && leadsTo(candidate, expected.redirectUri),
  );
  return url === undefined ? result : validatePaste(expected, { url, parameters: url.searchParams });
}

function validatePaste(
  { server, client, pending, redirectUri }: ExpectedCallback,
  pasted: Pasted,
): PastedCallbackResult {
  const wrong = (reason: PasteReason): PastedCallbackResult => ({ kind: 'wrong', reason });
  if (pasted === 'nothing') return { kind: 'nothing' };
  if (pasted === 'unreadable') return wrong('unreadable');
  const { url, parameters, isBare } = pasted;
  if (url !== undefined && !leadsTo(url, redirectUri)) {
    return wrong(url.origin === new URL(server.authorizationEndpoint).origin ? 'sign-in-page' : 'other-address');
  }
  const code = parameters.get('code');
  const looksRight = code !== null && (server.codeShape ?? ANY_CODE).test(code);
  if (isBare && !looksRight) return wrong('unreadable');
  if (!parameters.has('state')) {
    if (code !== null) {
      if (!looksRight) return wrong('no-answer');
      if (!server.checksPkce || server.issAlwaysSent) return wrong('code-alone');
    }
    parameters.set('state', pending.state.reveal());
  }
  const result = validateCallback(server, client, pending, parameters);
  if (result.kind !== 'unexpected') return result;
  return wrong(result.reason === 'no-state' ? 'wrong-state' : result.reason);
}

/** Whether `url` is the redirect URI but for the query (RFC 8252 §8.10), with http or https. */
function leadsTo(url: URL, redirectUri: string): boolean {
  const expected = new URL(redirectUri);
  return (
    ['http:', 'https:'].includes(url.protocol) &&
    url.hostname === expected.hostname &&
    url.port === expected.port &&
    url.pathname === expected.pathname &&
    url.username === '' &&
    url.password === ''
  );
}
