import { refusal } from './refusal.ts';

type Fields = Readonly<Record<string, unknown>>;

interface Foreign {
  readonly matches: (fields: Fields) => boolean;
  readonly what: string;
  readonly hint: string;
}

/** What Google's libraries put into `type`, apart from `authorized_user`. */
const OTHER_GOOGLE_TYPES: ReadonlySet<unknown> = new Set([
  'service_account',
  'impersonated_service_account',
  'external_account',
  'external_account_authorized_user',
]);

/** Files that people have at hand beside the ones with tokens, and that hold no sign-in of a person. */
const FOREIGN: readonly Foreign[] = [
  {
    matches: ({ installed, web }) => isObject(installed) || isObject(web),
    what: 'it is the client file of a Google app: an app registration, without tokens',
    hint: 'Sign in with it: `fitbit-login login --client-secret-file FILE`.',
  },
  {
    matches: ({ type }) => OTHER_GOOGLE_TYPES.has(type),
    what: 'it is a Google credential of a service, not of a person',
    hint: 'Sign in as a person: `fitbit-login login`.',
  },
];

/** @throws AuthError `USAGE` for a file that is known by its shape and can be neither imported nor kept up to date. */
export function refuseForeign(fields: Fields): void {
  const foreign = FOREIGN.find(({ matches }) => matches(fields));
  if (foreign !== undefined) throw refusal(foreign.what, foreign.hint);
}

/** Whether it is a profile of this program: it can be imported, and must never be the target of an export. */
export function isOwnProfile(fields: Fields): boolean {
  return Object.hasOwn(fields, 'version') && Object.hasOwn(fields, 'redirect_uris');
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
