import { AuthError } from '../errors.ts';
import { type Field, type Form, readForm } from './form.ts';

export interface ConsentOptions {
  /** Which button is pressed. Default `true`: Allow. */
  readonly allow?: boolean;
  /** Scopes whose boxes are unticked first, Google's by their full address. Default none. */
  readonly untick?: readonly string[];
  /** Who signs in, by the (Fitbit) user id. Default whom the page has preselected, or else the first on it. */
  readonly person?: string;
  readonly signal?: AbortSignal;
}

/**
 * Plays the person where there is no screen: fetches either service's consent page, fills in the form that is on it, submits it and
 * follows the redirect to the app.
 * @returns the last response: of the app's redirect URI; or of the sandbox, where it refused the request or the decision
 * @throws AuthError `USAGE` where the page offers no such scope, person or button
 */
export async function consent(authorizeUrl: string | URL, options: ConsentOptions = {}): Promise<Response> {
  const signal = options.signal ?? null;
  const page = await fetch(authorizeUrl, { redirect: 'manual', signal });
  if (page.status !== 200) return land(page, page.url, signal);
  const form = readForm(await page.text());
  if (form === undefined) throw new AuthError('USAGE', 'The page has no form to fill in.');
  const body = new URLSearchParams();
  for (const { name, value } of fillIn(form, options)) body.append(name, value);
  const action = new URL(form.action, page.url).href;
  return land(await fetch(action, { method: 'POST', body, redirect: 'manual', signal }), action, signal);
}

/** What a browser would send for what the person does. */
function fillIn({ fields }: Form, { allow = true, untick = [], person }: ConsentOptions): readonly Field[] {
  const boxes = fields.filter(({ kind }) => kind === 'checkbox');
  const stranger = untick.find((scope) => !boxes.some(({ value }) => value === scope));
  if (stranger !== undefined) throw new AuthError('USAGE', `The consent page has no box for the scope ${stranger}.`);

  const people = fields.filter(({ name }) => name === 'person');
  const chosen =
    person === undefined
      ? (people.find(({ selected }) => selected) ?? people[0])
      : people.find(({ value }) => value === person);
  if (chosen === undefined)
    throw new AuthError('USAGE', `The consent page does not offer ${person ?? 'anybody'} to sign in.`);

  const button = fields.find(({ kind, value }) => kind === 'button' && value === (allow ? 'allow' : 'deny'));
  if (button === undefined) throw new AuthError('USAGE', 'The consent page has no such button.');

  const hidden = fields.filter(({ kind, name }) => kind === 'hidden' && name !== 'person');
  return [...hidden, ...boxes.filter(({ value }) => !untick.includes(value)), chosen, button];
}

/** Goes where a response sends the browser. The fragment stays behind, as it does in a browser. */
async function land(response: Response, from: string, signal: AbortSignal | null): Promise<Response> {
  const location = response.headers.get('location');
  return location === null ? response : fetch(new URL(location, from), { signal });
}
