/** Exit codes, the same for every command: see docs/commands.md. */
export type ExitCode = 1 | 2 | 3 | 4 | 5 | 6 | 130;

/** Every way in which something can end other than well: its exit code, and the one thing to do next. */
export const KINDS = {
  UNEXPECTED: {
    exit: 1,
    hint: 'This is a defect of fitbit-login. Run it again with `--log-level debug` and report what it prints.',
  },
  USAGE: { exit: 2, hint: 'See `fitbit-login --help`.' },
  NOT_CONFIGURED: { exit: 2, hint: 'Register an app and give its client id: see `fitbit-login login --help`.' },
  CLIENT_REJECTED: {
    exit: 2,
    hint: 'Check the client id and the client secret against the app registration, then run the command again.',
  },
  REQUEST_REJECTED: { exit: 2, hint: 'Check the app registration: client type, redirect URI and scopes.' },
  SCOPE_REJECTED: { exit: 2, hint: 'Ask for other scopes with `fitbit-login login --scope …`.' },
  METADATA_INVALID: {
    exit: 2,
    hint: 'Check the address given as `--provider`: it must be the issuer, exactly as its metadata names it.',
  },
  NETWORK_BLOCKED: { exit: 2, hint: 'Check HTTPS_PROXY, NO_PROXY and NODE_EXTRA_CA_CERTS.' },
  ACCOUNT_NOT_ALLOWED: { exit: 2, hint: 'Sign in with another account: `fitbit-login login`.' },
  NOT_SIGNED_IN: { exit: 3, hint: 'Run `fitbit-login login`.' },
  GRANT_DEAD: { exit: 3, hint: 'Run `fitbit-login login` to sign in again.' },
  SCOPE_MISSING: { exit: 3, hint: 'Sign in again with the scope that is missing: `fitbit-login login --scope …`.' },
  ACCOUNT_UNREADABLE: {
    exit: 3,
    hint: 'Open the provider’s own app with this account and finish its setup, then run the command again.',
  },
  DENIED: { exit: 4, hint: 'Run `fitbit-login login` again and press Allow to go on.' },
  SIGN_IN_FAILED: { exit: 4, hint: 'Run `fitbit-login login` again.' },
  TIMED_OUT: { exit: 4, hint: 'Run `fitbit-login login` again; `--timeout SECONDS` waits longer.' },
  CANCELLED: { exit: 4, hint: 'Run `fitbit-login login` when you are ready.' },
  UNAVAILABLE: { exit: 5, hint: 'Try again later.' },
  RATE_LIMITED: { exit: 5, hint: 'Try again once the rate limit has been reset.' },
  RETIRED: {
    exit: 2,
    hint: 'Fitbit data lives at Google Health now: `fitbit-login migrate` moves this sign-in there.',
  },
  ANSWER_INVALID: { exit: 5, hint: 'Try again; if it stays, the provider or something between is broken.' },
  PORT_BUSY: {
    exit: 6,
    hint: 'End the program that holds the port, or register another redirect URI and give it with `--redirect-uri`.',
  },
  LISTEN_FAILED: { exit: 6, hint: 'Check that this machine lets programs listen on its loopback interface.' },
  STORE_DAMAGED: { exit: 6, hint: 'Mend the file, or move it away and run `fitbit-login login`.' },
  STORE_VERSION: { exit: 6, hint: 'A newer fitbit-login wrote the file: update fitbit-login.' },
  STORE_UNAVAILABLE: { exit: 6, hint: 'Make room or mend the permissions, then run the command again.' },
  FILE_UNREADABLE: { exit: 6, hint: 'Check the path and its permissions.' },
  OUTPUT_FAILED: { exit: 6, hint: 'Free some space or write somewhere else, then run the command again.' },
  LOCKED: { exit: 6, hint: 'Wait for the other fitbit-login process to finish, then run the command again.' },
  INTERRUPTED: { exit: 130, hint: 'Run the command again when you are ready.' },
} as const satisfies Record<string, { exit: ExitCode; hint: string }>;

/** The closed list of codes that an {@link AuthError} can carry. */
export type ErrorCode = keyof typeof KINDS;

export interface AuthErrorOptions {
  /** What it was caused by. Must hold no secret: it is printed under `--log-level debug`. */
  readonly cause?: unknown;
  /** What to do next, where the code's own hint is not exact enough. */
  readonly hint?: string;
  /** What was preserved: "The old tokens are untouched." */
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
  return new AuthError('UNEXPECTED', `Something unexpected happened (${what}).`, { cause: thrown });
}
