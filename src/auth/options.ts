import { types } from 'node:util';
import * as v from 'valibot';
import { mustBe, noSuchOption } from '../messages.ts';
import { Secret } from '../secret.ts';

/** Says what an option must be, never what it was: that may be a secret. */
const must = (what: string, test: (value: unknown) => boolean) => v.custom(test, what);

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;
const has = (value: unknown, name: PropertyKey) => isObject(value) && name in value;
const isText = (value: unknown) => typeof value === 'string' && value !== '';
const isContent = (value: unknown) => typeof value === 'string' || types.isUint8Array(value);
const [TEXT, CONTENT] = ['a string that is not empty', 'a string or a Uint8Array'];

const text = must(TEXT, isText);
const texts = must('an array of strings', (value) => Array.isArray(value) && value.every(isText));
const flag = v.boolean('true or false');
const callback = v.function('a function');
const object = must('an object', isObject);
const array = must('an array', Array.isArray);
const number = (what: string, test: (value: number) => boolean) =>
  must(what, (value) => typeof value === 'number' && test(value));
const milliseconds = number('a number of milliseconds above 0', (value) => value > 0 && value < 2 ** 31);
const seconds = number('a number of seconds, 0 or more', (value) => value >= 0);
// Not by instanceof: Jest gives each test file globals of its own.
const signal = must('an AbortSignal', (value) => has(value, 'aborted') && has(value, 'addEventListener'));

const access = { profile: text, signal, onWait: callback };
const registration = {
  clientId: text,
  clientSecret: must('a string or a Secret', (value) => isText(value) || value instanceof Secret),
  clientFile: must(CONTENT, isContent),
  confirmSites: callback,
};
const wait = {
  profile: text,
  redirectUris: texts,
  prompt: text,
  loginHint: text,
  email: flag,
  sandbox: must('true or the origin of a running sandbox', (value) => value === true || isText(value)),
  timeoutMs: milliseconds,
  signal,
};
const scopes = must(
  'one or several scopes: an array of strings, or a string with spaces or commas between them',
  (value) => (typeof value === 'string' ? scopeList(value).length > 0 : Array.isArray(value) && value.every(isText)),
);
const browser = {
  browser: flag,
  pasted: must('an async iterable of strings', (value) => has(value, Symbol.asyncIterator)),
  notify: callback,
};

/** The options that each function of the library takes. */
export const OPTIONS = {
  login: { ...registration, ...wait, ...browser, provider: text, scopes, onward: object },
  beginLogin: { ...registration, ...wait, provider: text, scopes, expiresMs: milliseconds },
  finishLogin: { profile: text, pasted: browser.pasted, signal, onRefused: callback },
  setup: { ...wait, scopes, confirmSites: callback, onPage: callback },
  migrate: { ...registration, ...wait, ...browser, to: text, onPlan: callback },
  accessToken: { ...access, minTtlSeconds: seconds },
  refresh: access,
  refreshAll: { minTtlSeconds: seconds, signal },
  checkStatus: access,
  status: { profile: text },
  logout: { profile: text, local: flag, confirmRevocation: callback, signal },
  exportProfile: { profile: text, format: text, output: text, keep: flag, signal },
  importProfile: { ...registration, profile: text, replace: flag, entry: text, sandbox: text, signal },
  doctor: { profile: text, redirectUris: texts, online: flag, signal },
  fetch: { method: text, headers: object, body: v.unknown(), signal },
  startSandbox: {
    port: number('a port, 0 to 65535', (value) => Number.isInteger(value) && value >= 0 && value <= 65_535),
    clients: array,
    people: array,
    issuer: must('a string or null', (value) => value === null || isText(value)),
    now: callback,
    logger: object,
  },
  consent: { allow: flag, untick: texts, person: text, signal },
} as const;

const RUNTIME = {
  environment: object,
  now: callback,
  fetch: callback,
  openBrowser: callback,
  onNotice: callback,
  terminalLog: must('{ level, stream }', (value) => has(value, 'level') && has(value, 'stream')),
};

/**
 * Checks what a caller without TypeScript may get wrong: an option of the wrong type, and one that there is not.
 *
 * @throws AuthError `USAGE` that names the option
 */
export function assertOptions(name: keyof typeof OPTIONS, options: unknown): void {
  assertShape(`the options of ${name}()`, OPTIONS[name], options);
}

/** The same for what every function takes after its options. @throws AuthError `USAGE` */
export function assertRuntimeOptions(options: unknown): void {
  assertShape('the dependencies', RUNTIME, options);
}

/** For a value that is not in an object of options. @throws AuthError `USAGE` */
export function assertText(name: string, value: unknown): asserts value is string {
  if (!isText(value)) throw mustBe(name, TEXT);
}

/** The content of a file. @throws AuthError `USAGE` */
export function assertContent(value: unknown): void {
  if (!isContent(value)) throw mustBe('The content', CONTENT);
}

function assertShape(of: string, shape: Readonly<Record<string, v.GenericSchema>>, options: unknown): void {
  if (!isObject(options) || Array.isArray(options)) throw mustBe(of.replace(/^t/, 'T'), 'an object');
  const entries = Object.entries(shape).map(([key, schema]) => [key, v.optional(schema)] as const);
  // An option that is undefined is not given, whatever its name.
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
  const parsed = v.safeParse(v.strictObject(Object.fromEntries(entries)), given, { abortEarly: true });
  if (parsed.success) return;
  const [{ type, path, message }] = parsed.issues;
  const key = String(path?.[0]?.key);
  throw type === 'strict_object' ? noSuchOption(key, of, Object.keys(shape)) : mustBe(`"${key}" in ${of}`, message);
}

/** Scopes as a caller gives them: one or several, in an array or with spaces or commas between them. */
export function scopeList(scopes: string | readonly string[]): readonly string[] {
  return [scopes]
    .flat()
    .flatMap((scope) => scope.split(/[\s,]+/))
    .filter((scope) => scope !== '');
}
