const MAX_QUERY_LENGTH = 8 * 1024;
const MAX_PARAMETERS = 50;

// Printable ASCII that RFC 3986 §3.3 and §3.4 let stand there. What follows a `%` is for `decodes`.
const SOUND_PATH = /^\/[!$-;=@-_a-z~]*$/;
const SOUND_QUERY = /^[!$-~]*$/;

/**
 * A request's target in origin-form (RFC 9112 §3.2.1), still encoded: the path, `/` at least, and the query without its `?`. `undefined`
 * for every other form and for a path that does not decode.
 */
export function parseTarget(raw: string): { readonly path: string; readonly query: string } | undefined {
  const mark = raw.indexOf('?');
  const [path, query] = mark === -1 ? [raw, ''] : [raw.slice(0, mark), raw.slice(mark + 1)];
  return SOUND_PATH.test(path) && decodes(path) ? { path, query } : undefined;
}

/**
 * Parses a callback's query strictly: bounded in length and number, every `%` an encoding, UTF-8, no NUL.
 * Repeated parameters are preserved: the validation of the callback rejects them (RFC 6749 §3.1).
 * @returns the parameters, or the status that says why there are none
 */
export function parseQuery(query: string): { readonly params: URLSearchParams } | { readonly status: 400 | 414 } {
  if (query.length > MAX_QUERY_LENGTH) return { status: 414 };
  if (!SOUND_QUERY.test(query) || !decodes(query)) return { status: 400 };
  const params = new URLSearchParams(query);
  return params.size > MAX_PARAMETERS ? { status: 400 } : { params };
}

function decodes(encoded: string): boolean {
  try {
    return !decodeURIComponent(encoded).includes('\0');
  } catch {
    return false;
  }
}

/** The parameters of a target that was let in already; none where they cannot be understood. */
export function queryOf(raw: string): URLSearchParams {
  const query = parseQuery(parseTarget(raw)?.query ?? '');
  return 'params' in query ? query.params : new URLSearchParams();
}
