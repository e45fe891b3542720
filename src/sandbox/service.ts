/** What the sandbox looks like, on one origin: Fitbit's endpoints and Google's have no path in common. */
export const SERVICES = ['fitbit', 'google'] as const;
export type Service = (typeof SERVICES)[number];

/** The endpoints of a service; `authorize` is the consent page, `decision` the answer to its form. */
export const SPOTS = {
  fitbit: ['authorize', 'decision', 'token', 'revoke', 'introspect', 'api'],
  google: ['authorize', 'decision', 'token', 'revoke', 'introspect', 'identity', 'api'],
} as const satisfies Record<Service, readonly string[]>;

/** An endpoint, of whichever service. `introspect` is Google's `/tokeninfo` too. */
export type Spot = (typeof SPOTS)[Service][number];

/** What a person reads a service's name as. */
export const NAMES = { fitbit: 'Fitbit', google: 'Google' } as const satisfies Record<Service, string>;
