/** Exit codes, the same for every command: see docs/commands.md. */
export type ExitCode = 1 | 2 | 3 | 4 | 5 | 6 | 130;

/** Every kind of failure: its exit code, and the one thing to do next. */
export const KINDS = {
  UNEXPECTED: {
    exit: 1,
    hint: 'This is a bug in fitbit-login. Run it again with `--log-level debug` and report what it prints.',
  },
  USAGE: { exit: 2, hint: 'See `fitbit-login --help`.' },
  NOT_CONFIGURED: { exit: 2, hint: 'Set up your app: `fitbit-login setup`.' },
  CLIENT_REJECTED: {
    exit: 2,
    hint: 'Compare the client ID and the client secret with the app registration, then run the command again.',
  },
  REQUEST_REJECTED: { exit: 2, hint: 'Check the app registration: client type, redirect URI and scopes.' },
  SCOPE_REJECTED: { exit: 2, hint: 'Request other scopes: `fitbit-login login --scope …`.' },
  METADATA_INVALID: {
    exit: 2,
    hint: 'Check the URL passed as `--provider`: it must be the issuer, exactly as in its metadata.',
  },
  NETWORK_BLOCKED: { exit: 2, hint: 'Check HTTPS_PROXY, NO_PROXY and NODE_EXTRA_CA_CERTS.' },
  ACCOUNT_NOT_ALLOWED: { exit: 2, hint: 'Sign in with another account: `fitbit-login login`.' },
  NOT_SIGNED_IN: { exit: 3, hint: 'Run `fitbit-login login`.' },
  GRANT_DEAD: { exit: 3, hint: 'Run `fitbit-login login` to sign in again.' },
  SCOPE_MISSING: { exit: 3, hint: 'Sign in again with the missing scope: `fitbit-login login --scope …`.' },
  ACCOUNT_UNREADABLE: {
    exit: 3,
    hint: "Open the provider's own app with this account and finish its setup, then run the command again.",
  },
  DENIED: { exit: 4, hint: 'Run `fitbit-login login` to try again.' },
  SIGN_IN_FAILED: { exit: 4, hint: 'Run `fitbit-login login` again.' },
  TIMED_OUT: { exit: 4, hint: 'Run `fitbit-login login` again; `--timeout SECONDS` waits longer.' },
  CANCELLED: { exit: 4, hint: 'Run `fitbit-login login` when you are ready.' },
  UNAVAILABLE: { exit: 5, hint: 'Try again later.' },
  RATE_LIMITED: { exit: 5, hint: 'Try again once it resets.' },
  RETIRED: {
    exit: 2,
    hint: 'Fitbit data is in Google Health now: `fitbit-login migrate` moves a Fitbit sign-in. With another provider, update fitbit-login.',
  },
  ANSWER_INVALID: { exit: 5, hint: 'Try again. If it persists, the provider or a proxy is at fault.' },
  PORT_BUSY: {
    exit: 6,
    hint: 'Stop the program using the port, or register another redirect URI and pass it with `--redirect-uri`.',
  },
  LISTEN_FAILED: { exit: 6, hint: 'Check that programs may listen on the loopback interface.' },
  STORE_DAMAGED: { exit: 6, hint: 'Fix the file, or move it away and run `fitbit-login login`.' },
  STORE_VERSION: { exit: 6, hint: 'Update fitbit-login.' },
  STORE_UNAVAILABLE: { exit: 6, hint: 'Free up space or fix the permissions, then run the command again.' },
  FILE_UNREADABLE: { exit: 6, hint: 'Check the path and its permissions.' },
  OUTPUT_FAILED: { exit: 6, hint: 'Free up space or write to another place, then run the command again.' },
  LOCKED: { exit: 6, hint: 'Wait for the other fitbit-login process, then run the command again.' },
  INTERRUPTED: { exit: 130, hint: 'Run the command again when you are ready.' },
} as const satisfies Record<string, { exit: ExitCode; hint: string }>;

/** The closed list of codes that an {@link AuthError} can carry. */
export type ErrorCode = keyof typeof KINDS;

export interface AuthErrorOptions {
  /** What it was caused by. Must hold no secret: it is printed under `--log-level debug`. */
  readonly cause?: unknown;
  /** What to do next, where the code's own hint is not exact enough. */
  readonly hint?: string;
  /** What was preserved: "Your previous sign-in is unchanged." */
  readonly preserved?: string;
  /** Machine-readable evidence, without secrets: HTTP status, path, reset time. */
  readonly details?: Readonly<Record<string, string | number | boolean>>;
}

/**
 * The one error class of this library. `message` says what happened, `preserved` what was preserved, `hint` what to do next;
 * `code` is from a closed list and decides `exitCode`.
 */
export class AuthError extends Error {
  static {
    // On the prototype, as of JavaScript's own errors, so that the stack begins with it; and set, since bundlers shorten the class's name.
    Object.defineProperty(AuthError, 'name', { value: 'AuthError', configurable: true });
    Object.defineProperty(AuthError.prototype, 'name', { value: 'AuthError', configurable: true, writable: true });
  }
  declare readonly name: 'AuthError';
  readonly code: ErrorCode;
  readonly hint: string;
  readonly preserved: string | undefined;
  readonly details: Readonly<Record<string, string | number | boolean>>;

  constructor(code: ErrorCode, message: string, options: AuthErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.hint = options.hint ?? KINDS[code].hint;
    this.preserved = options.preserved;
    this.details = options.details ?? {};
  }

  get exitCode(): ExitCode {
    return KINDS[this.code].exit;
  }

  /** The same error with what is known higher up: what was preserved, or a better hint. */
  with(more: Pick<AuthErrorOptions, 'preserved' | 'hint'>): AuthError {
    const { preserved = this.preserved, hint = this.hint } = more;
    const copy = new AuthError(this.code, this.message, {
      hint,
      details: this.details,
      cause: this.cause,
      preserved,
    });
    if (this.stack !== undefined) copy.stack = this.stack;
    return copy;
  }

  /** What `JSON.stringify` gives. Never holds a stack or the cause. */
  toJSON() {
    const { name, code, message, preserved, hint, exitCode, details } = this;
    return { name, code, message, preserved, hint, exitCode, details };
  }

  /**
   * What the command line prints with `--json`.
   * @internal
   */
  report() {
    const { code, message, preserved: kept, hint, exitCode, details } = this;
    return { error: { code, message, ...(kept === undefined ? {} : { kept }), hint, exit_code: exitCode, ...details } };
  }
}

/** Any thrown thing as an {@link AuthError}; what is not one already becomes `UNEXPECTED`. */
export function asAuthError(thrown: unknown): AuthError {
  if (thrown instanceof AuthError) return thrown;
  // A foreign message may quote what it choked on, a token for one.
  const what = thrown instanceof Error ? thrown.name : typeof thrown;
  return new AuthError('UNEXPECTED', `Internal error (${what}).`, { cause: thrown });
}

/** The operating system's name of an error: `ENOENT`. `undefined` for any other thrown value. */
export function errnoOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

/** `undefined` instead of the operating system's errors with one of `codes`. */
export async function ignoring<T>(codes: readonly string[], action: Promise<T>): Promise<T | undefined> {
  try {
    return await action;
  } catch (error) {
    if (codes.includes(errnoOf(error) ?? '')) return undefined;
    throw error;
  }
}

/** "Did you mean sleep? " for a slip in one of the known names, which may be named by their first words; else nothing. */
export function didYouMean(word: string, known: readonly string[]): string {
  const typed = word.toLowerCase().slice(0, 64);
  const slips = (name: string) =>
    Math.min(...[name, name.split(/[._-]/, 1)[0] ?? name].map((form) => editDistance(typed, form.toLowerCase())));
  const [best] = known.map((name) => ({ name, slips: slips(name) })).sort((one, other) => one.slips - other.slips);
  return best !== undefined && best.slips <= Math.min(3, typed.length / 2.5) ? `Did you mean ${best.name}? ` : '';
}

/** Levenshtein's: letters to add, to remove or to replace. */
function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (const [index, letter] of [...from].entries()) {
    const next = [index + 1];
    for (const [column, other] of [...to].entries()) {
      const [corner = 0, above = 0] = row.slice(column);
      next.push(Math.min(above + 1, (next[column] ?? 0) + 1, corner + Number(letter !== other)));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
