import * as v from 'valibot';
import type { Fetch } from '../environment.ts';
import type { IntrospectionRequest } from '../oauth/introspection.ts';
import type { AuthorizationServer } from '../oauth/server.ts';
import type { Secret } from '../secret.ts';

/** A scope that a person can be asked for, in plain words. */
export interface ScopeInWords {
  readonly name: string;
  readonly words: string;
}

/** A service that people sign in to: data, plus small functions where wire formats differ. */
export interface Provider {
  readonly id: 'fitbit' | 'google-health' | 'custom';
  /** For people: "Fitbit". */
  readonly name: string;
  readonly server: AuthorizationServer;
  /** The origin of the sandbox that plays this provider, where one does. */
  readonly sandbox?: string;
  /** The one origin that an access token may be sent to by `api`. */
  readonly apiOrigin?: string;
  /** Empty where the provider's scopes are not known; any may then be asked for. */
  readonly scopes: readonly ScopeInWords[];
  readonly defaultScopes: readonly string[];
  /** Requested along with every login that does not leave them out: they name the account. */
  readonly identityScopes?: readonly string[];
  readonly defaultRedirectUris: readonly string[];
  /** `prompt` values it knows; the first is the default. */
  readonly prompts: readonly string[];
  /** Reads the claims inside an access token: for display, never verified. `undefined` for an opaque token. */
  readonly readAccessToken?: (token: string) => TokenClaims | undefined;
  /** Asks whose token it is, where the token response does not say. @throws AuthError as the fetch; what a good token is refused for */
  readonly identify?: (token: Secret, fetch: Fetch) => Promise<Identity>;
  /** The full name of a scope that is not among `scopes` and that the provider may know all the same; `undefined` for others. */
  readonly fullScope?: (scope: string) => string | undefined;
  /** The successors of a retired scope; empty for one that is not retired. */
  readonly successorsOf?: (scope: string) => readonly string[];
  /** Parameters of the authorization request that only this provider knows. */
  readonly authorizationParameters?: Readonly<Record<string, string>>;
  /** Whether it takes `login_hint` (OpenID Connect Core §3.1.2.1). */
  readonly takesLoginHint?: boolean;
  /** Absent where it cannot be asked whether a token works. */
  readonly introspection?: Introspection;
  /** Whether a refresh spends its refresh token, and the provider repeats its response for two minutes. */
  readonly repeatsRefresh?: boolean;
  /** What a revocation ends beyond the token: a sentence for a person. */
  readonly revocationEnds?: string;
  /** Whether that is more than this app, so that a person confirms it first. */
  readonly confirmsRevocation?: boolean;
  /** How a person gets a client ID, as lines of text. */
  readonly registration: readonly string[];
}

export interface TokenClaims {
  readonly userId?: string;
  readonly scopes?: readonly string[];
  readonly issuedAt?: Date;
  readonly expiresAt?: Date;
}

export interface Identity {
  readonly userId?: string;
  /** The id at the service that this one succeeded. */
  readonly legacyUserId?: string;
}

/** How a provider is asked whether an access token works (RFC 7662), and how its response is read. */
export interface Introspection extends Pick<IntrospectionRequest, 'authentication'> {
  /** Reads a response that says yes. */
  readonly read: (response: Readonly<Record<string, unknown>>) => Pick<TokenClaims, 'scopes' | 'expiresAt'>;
}

/** The fixed default: registered at the provider once, byte for byte. */
export const DEFAULT_REDIRECT_URI = 'http://127.0.0.1:8976/callback';

/** Seconds since 1970, within what a `Date` can hold. */
export const epochSeconds = v.pipe(
  v.number(),
  v.minValue(0),
  v.maxValue(8_640_000_000_000),
  v.transform((value) => new Date(value * 1000)),
);

const IntrospectionResponse = v.object({
  scope: v.optional(v.string()),
  // Google's is a text.
  exp: v.optional(v.pipe(v.union([v.string(), v.number()]), v.transform(Number), epochSeconds)),
});

/** Reads an introspection as RFC 7662 §2.2 has it. */
export const readIntrospection: Introspection['read'] = (response) => {
  const parsed = v.safeParse(IntrospectionResponse, response);
  if (!parsed.success) return {};
  const { scope, exp: expiresAt } = parsed.output;
  return { scopes: scope?.split(' ').filter(Boolean), expiresAt };
};
