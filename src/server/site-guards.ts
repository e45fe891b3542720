import { authoritiesOf, type Guard, noPrefetch, noServiceWorker, ownHost, ownTarget } from './guards.ts';

/** A HEAD or an OPTIONS must not spend a key, and nothing here needs more. */
const getOrPost: Guard = ({ method = '' }) =>
  method === 'GET' || method === 'POST' ? undefined : { status: 405, text: '', headers: { allow: 'GET, POST' } };

/**
 * What asks must be the site's own page, or a tab that is led here; not another site's frame, image or script (Fetch Metadata).
 * Clients that send none of these headers are no browsers that a web page could misuse: the cookie judges them.
 */
const ownPageOrTab: Guard = ({ method, headers }) => {
  const { 'sec-fetch-site': site = 'none', 'sec-fetch-dest': destination } = headers;
  if (site === 'same-origin' || site === 'none') return undefined;
  const led = method === 'GET' && destination === 'document';
  return led ? undefined : { status: 403, text: 'Other sites cannot ask here.' };
};

/**
 * A form that was sent must be the site's own. Under `Referrer-Policy: no-referrer` browsers send `Origin: null` with their own
 * forms (Fetch §3.1): then `Sec-Fetch-Site`, which no page can forge, has to say so.
 */
const ownForm: Guard = (request, redirect) => {
  const { method, headers } = request;
  if (method !== 'POST') return undefined;
  const { origin, 'sec-fetch-site': site } = headers;
  const own = authoritiesOf(request, redirect).map((authority) => `http://${authority}`);
  const vouched = site === undefined || site === 'same-origin';
  const sentByUs = origin === 'null' ? site === 'same-origin' : origin !== undefined && own.includes(origin);
  return vouched && sentByUs ? undefined : { status: 403, text: 'Other sites cannot post here.' };
};

/** For every request to the local site, in this order, before its cookie is looked at. */
export const SITE: readonly Guard[] = [
  ownHost,
  getOrPost,
  ownTarget,
  noServiceWorker,
  noPrefetch,
  ownPageOrTab,
  ownForm,
];
