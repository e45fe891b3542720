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
 * Stands in for the person where there is no display: fetches a consent page of the sandbox, fills in its form, submits
 * it and follows the redirect to the app.
 * @returns the last response: of the app's redirect URI; or of the sandbox, if it refused the request or the decision
 * @throws AuthError `USAGE` if the page offers no such scope, person or button
 */
export async function consent(authorizeUrl: string | URL, options: ConsentOptions = {}): Promise<Response> {
  const { signal } = options;
  const page = await fetch(authorizeUrl, { redirect: 'manual', signal });
  if (page.status !== 200) return land(page, page.url, signal);
  const form = readForm(await page.text());
  if (form === undefined) throw new AuthError('USAGE', 'The page has no form to fill in.');
  const body = new URLSearchParams();
  for (const { name, value } of fillIn(form, options)) body.append(name, value);
  const action = new URL(form.action, page.url).href;
  return land(await fetch(action, { method: 'POST', body, redirect: 'manual', signal }), action, signal);
}

/** The fields that a browser would send. */
function fillIn({ fields }: Form, { allow = true, untick = [], person }: ConsentOptions): readonly Field[] {
  const boxes = fields.filter(({ kind }) => kind === 'checkbox');
  const unknown = untick.find((scope) => !boxes.some(({ value }) => value === scope));
  if (unknown !== undefined) throw new AuthError('USAGE', `The consent page has no box for the scope ${unknown}.`);

  const people = fields.filter(({ name }) => name === 'person');
  const chosen =
    person === undefined
      ? (people.find(({ selected }) => selected) ?? people[0])
      : people.find(({ value }) => value === person);
  if (chosen === undefined)
    throw new AuthError('USAGE', `The consent page does not offer ${person ?? 'any account'} to sign in.`);

  const button = fields.find(({ kind, value }) => kind === 'button' && value === (allow ? 'allow' : 'deny'));
  if (button === undefined) throw new AuthError('USAGE', 'The consent page has no such button.');

  const hidden = fields.filter(({ kind, name }) => kind === 'hidden' && name !== 'person');
  return [...hidden, ...boxes.filter(({ value }) => !untick.includes(value)), chosen, button];
}

/** Follows a redirect. The fragment stays behind, as in a browser. */
async function land(response: Response, from: string, signal: AbortSignal | undefined): Promise<Response> {
  const location = response.headers.get('location');
  return location === null ? response : fetch(new URL(location, from), { signal });
}

/** A form control as a browser would know it. */
export interface Field {
  readonly kind: 'hidden' | 'checkbox' | 'option' | 'button';
  readonly name: string;
  readonly value: string;
  /** Of an option: comes chosen. */
  readonly selected?: boolean;
}

export interface Form {
  readonly action: string;
  readonly fields: readonly Field[];
}

const TAG = /<(form|input|select|option|button)\b([^>]*)>/g;
const ATTRIBUTE = /([a-z-]+)="([^"]*)"/g;
const ENTITY = /&(?:#(\d+)|(amp|lt|gt|quot));/g;
const NAMED: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"' };

/** Reads the one form of a page as the sandbox writes them, with attributes in double quotes. */
export function readForm(page: string): Form | undefined {
  let action: string | undefined;
  let select = '';
  const fields: Field[] = [];
  for (const [, tag, source = ''] of page.matchAll(TAG)) {
    const attributes = new Map([...source.matchAll(ATTRIBUTE)].map(([, name, value]) => [name, decode(value ?? '')]));
    const name = attributes.get('name') ?? '';
    const value = attributes.get('value') ?? '';
    if (tag === 'form') action = attributes.get('action');
    if (tag === 'select') select = name;
    if (tag === 'option') fields.push({ kind: 'option', name: select, value, selected: attributes.has('selected') });
    if (tag === 'button') fields.push({ kind: 'button', name, value });
    if (tag === 'input')
      fields.push({ kind: attributes.get('type') === 'checkbox' ? 'checkbox' : 'hidden', name, value });
  }
  return action === undefined ? undefined : { action, fields };
}

function decode(text: string): string {
  return text.replace(ENTITY, (_, digits: string | undefined, name: string | undefined) =>
    digits === undefined ? (NAMED[name ?? ''] ?? '') : String.fromCodePoint(Number(digits)),
  );
}
