import { AuthError } from '../errors.ts';

export interface ConsentOptions {
  /** Which button is pressed. Default `true`: Allow. */
  readonly allow?: boolean;
  /** Scopes to untick first, Google's by their full address. Default none. */
  readonly untick?: readonly string[];
  /** Who signs in, by the (Fitbit) user id. Default: the preselected person, or else the first. */
  readonly person?: string;
  readonly signal?: AbortSignal;
}

/**
 * Stands in for the person where there is no display: opens an address that leads to a consent page of the sandbox, fills in its form, submits
 * it and follows the redirect to the app.
 * @returns the last response: of the app's redirect URI; or of the sandbox, if it refused the request or the decision
 * @throws AuthError `USAGE` if the page offers no such scope or person
 */
export async function consent(url: string | URL, options: ConsentOptions = {}): Promise<Response> {
  // A browser, as far as redirects and the cookie of a start address need one: cookies by origin.
  const cookies = new Map<string, string>();
  let isRedirected = false;
  const visit = async (address: URL, init: RequestInit = {}): Promise<Response> => {
    const cookie = cookies.get(address.origin);
    const headers = cookie === undefined ? undefined : { cookie };
    const response = await fetch(address, { ...init, headers, redirect: 'manual', signal: options.signal });
    const [set] = response.headers.getSetCookie();
    if (set !== undefined) cookies.set(address.origin, set.split(';')[0] ?? '');
    const location = response.headers.get('location');
    if (location === null) return response;
    isRedirected = true;
    return visit(new URL(location, address));
  };

  const page = await visit(new URL(url));
  const form = page.status === 200 ? readForm(await page.clone().text()) : undefined;
  if (form === undefined) {
    if (page.status !== 200 || isRedirected) return page;
    throw new AuthError('USAGE', 'The page has no form to fill in.');
  }
  const body = new URLSearchParams();
  for (const { name, value } of fillIn(form, options)) body.append(name, value);
  return visit(new URL(form.action, page.url), { method: 'POST', body });
}

/** The fields that a browser would send. */
function fillIn({ fields }: Form, { allow = true, untick = [], person }: ConsentOptions) {
  const boxes = fields.filter(({ kind }) => kind === 'checkbox');
  const unknown = untick.find((scope) => !boxes.some(({ value }) => value === scope));
  if (unknown !== undefined) throw new AuthError('USAGE', `The consent page has no box for the scope ${unknown}.`);

  const people = fields.filter(({ kind }) => kind === 'option');
  const chosen =
    person === undefined
      ? (people.find(({ selected }) => selected) ?? people[0])
      : people.find(({ value }) => value === person);
  if (chosen === undefined)
    throw new AuthError('USAGE', `The consent page does not offer ${person ?? 'any account'} to sign in.`);

  const hidden = fields.filter(({ kind }) => kind === 'hidden');
  const button = { name: 'decision', value: allow ? 'allow' : 'deny' };
  return [...hidden, ...boxes.filter(({ value }) => !untick.includes(value)), chosen, button];
}

/** A form control as a browser would know it. */
interface Field {
  /** `option`, `button`, or the type of an `input`. */
  readonly kind: string;
  readonly name: string;
  readonly value: string;
  /** Of an option: comes chosen. */
  readonly selected: boolean;
}

interface Form {
  readonly action: string;
  readonly fields: readonly Field[];
}

const TAG = /<(form|input|select|option|button)\b([^>]*)>/g;
const ATTRIBUTE = /([a-z-]+)="([^"]*)"/g;

/** Reads the one form of a page as the sandbox writes them, with attributes in double quotes. */
export function readForm(page: string): Form | undefined {
  let action: string | undefined;
  let select = '';
  const fields: Field[] = [];
  for (const [, tag = '', source = ''] of page.matchAll(TAG)) {
    const attributes = new Map([...source.matchAll(ATTRIBUTE)].map(([, name, value]) => [name, decode(value ?? '')]));
    const { name = select, value = '', type = '' } = Object.fromEntries(attributes);
    if (tag === 'form') action = attributes.get('action');
    else if (tag === 'select') select = name;
    else fields.push({ kind: tag === 'input' ? type : tag, name, value, selected: attributes.has('selected') });
  }
  return action === undefined ? undefined : { action, fields };
}

/** The escaping tag writes numeric references only. */
function decode(text: string): string {
  return text.replace(/&#(\d+);/g, (_, digits: string) => String.fromCodePoint(Number(digits)));
}
