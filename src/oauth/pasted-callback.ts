import type { AuthError } from '../errors.ts';
import { type PendingAuthorization, type UnexpectedReason, validateCallback } from './authorization.ts';
import type { AuthorizationServer, ClientRegistration } from './server.ts';

/** What a person pasted, taken apart and not judged yet. */
type Pasted =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'unreadable' }
  /** `address` is absent where the parameters came without one. */
  | { readonly kind: 'answer'; readonly address?: URL; readonly parameters: URLSearchParams }
  | { readonly kind: 'code'; readonly code: string };

/** Longer than any answer; the callback takes half of it. */
const MAX_LENGTH = 16 * 1024;

const QUOTES = /^["'`<>“”„‘’‚«»‹›]+|["'`<>“”„‘’‚«»‹›]+$/g;
/** Blanks and line breaks, also those that nobody sees. */
const BLANKS = /[\s\u200b-\u200d\u2060]+/g;
const BROKEN_PERCENT = /%(?![0-9a-f]{2})/i;
const HOST_FIRST = /^(127\.0\.0\.1|\[::1\]|localhost)(?=[:/?])/i;

/**
 * Takes apart what was pasted: a whole address, its query, or the code alone. Quotes and blanks around it, line breaks of a
 * terminal that wrapped it, and a fragment such as Fitbit's `#_=_` are no part of it. No browser shows the `http://` of an
 * address on loopback, so it may be missing.
 */
function readPaste(text: string): Pasted {
  if (text.length > MAX_LENGTH) return { kind: 'unreadable' };
  const compact = text.replace(BLANKS, '').replace(QUOTES, '').replace(/#.*$/, '');
  if (compact === '') return { kind: 'nothing' };
  if (BROKEN_PERCENT.test(compact)) return { kind: 'unreadable' };
  const address = compact.replace(HOST_FIRST, 'http://$1');
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(address)) {
    if (!URL.canParse(address)) return { kind: 'unreadable' };
    const url = new URL(address);
    return { kind: 'answer', address: url, parameters: url.searchParams };
  }
  if (/^\?|^[\w.-]+=/.test(compact)) return { kind: 'answer', parameters: new URLSearchParams(compact) };
  // All that stands behind “code=” in the address bar.
  if (/^[^?&=]+&[\w.-]+=/.test(compact)) return { kind: 'answer', parameters: new URLSearchParams(`code=${compact}`) };
  return { kind: 'code', code: new URLSearchParams(`code=${compact}`).get('code') ?? '' };
}

/** Why what was pasted is not the awaited answer. */
export type PasteReason =
  | Exclude<UnexpectedReason, 'no-state'>
  | 'unreadable'
  /** The address that was to be opened, or another of the provider's. */
  | 'sign-in-page'
  | 'other-address'
  /** A code without a state, of a server that is not known to check PKCE. */
  | 'code-alone';

/** What a paste turned out to be. */
export type PastedCallbackResult =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'wrong'; readonly reason: PasteReason }
  | { readonly kind: 'refused'; readonly error: AuthError }
  | { readonly kind: 'granted'; readonly parameters: URLSearchParams };

/** What a paste is held against. */
export interface ExpectedCallback {
  readonly server: AuthorizationServer;
  readonly client: ClientRegistration;
  readonly pending: PendingAuthorization;
  readonly redirectUri: string;
}

const ANY_CODE = /^[\w.~+/=:-]{16,2048}$/;

/**
 * Judges what a person pasted as {@link validateCallback} judges a request, with two differences. An address must be the redirect
 * URI. And the state may be missing, because nobody but the person can paste: a denial then needs none, and a code is safe
 * where the server holds it to the verifier of this authorization (RFC 9700 §2.1.1, §4.5.3), and names its issuer only now and then.
 */
export function validatePastedCallback(
  { server, client, pending, redirectUri }: ExpectedCallback,
  text: string,
): PastedCallbackResult {
  const wrong = (reason: PasteReason): PastedCallbackResult => ({ kind: 'wrong', reason });
  const pasted = readPaste(text);
  if (pasted.kind === 'nothing') return pasted;
  if (pasted.kind === 'unreadable') return wrong('unreadable');

  const { address, parameters } = pasted.kind === 'code' ? answerOf(pasted.code) : pasted;
  if (address !== undefined && !isSamePlace(address, new URL(redirectUri))) {
    return wrong(address.origin === new URL(server.authorizationEndpoint).origin ? 'sign-in-page' : 'other-address');
  }
  const code = parameters.get('code');
  if (!parameters.has('state')) {
    if (code !== null) {
      if (!(server.codeShape ?? ANY_CODE).test(code)) return wrong(pasted.kind === 'code' ? 'unreadable' : 'no-answer');
      if (!server.checksPkce || server.issAlwaysSent) return wrong('code-alone');
    }
    parameters.set('state', pending.state.reveal());
  }
  const result = validateCallback(server, client, pending, parameters);
  if (result.kind !== 'unexpected') return result;
  return wrong(result.reason === 'no-state' ? 'wrong-state' : result.reason);
}

function answerOf(code: string): { readonly address?: URL; readonly parameters: URLSearchParams } {
  return { parameters: new URLSearchParams({ code }) };
}

/** The same place but for the query: scheme, host, port and path (RFC 8252 §8.10). */
function isSamePlace(one: URL, other: URL): boolean {
  return one.origin === other.origin && one.pathname === other.pathname && one.username === '' && one.password === '';
}
