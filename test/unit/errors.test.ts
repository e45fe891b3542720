import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { AuthError, asAuthError, type ErrorCode, type ExitCode } from '../../src/errors.ts';

// The README's table. A code that is missing here, or has another exit code, does not compile or does not pass.
const EXITS: Readonly<Record<ErrorCode, ExitCode>> = {
  UNEXPECTED: 1,
  USAGE: 2,
  NOT_CONFIGURED: 2,
  CLIENT_REJECTED: 2,
  REQUEST_REJECTED: 2,
  SCOPE_REJECTED: 2,
  METADATA_INVALID: 2,
  NETWORK_BLOCKED: 2,
  ACCOUNT_NOT_ALLOWED: 2,
  NOT_SIGNED_IN: 3,
  GRANT_DEAD: 3,
  SCOPE_MISSING: 3,
  ACCOUNT_UNREADABLE: 3,
  DENIED: 4,
  SIGN_IN_FAILED: 4,
  TIMED_OUT: 4,
  CANCELLED: 4,
  UNAVAILABLE: 5,
  RATE_LIMITED: 5,
  RETIRED: 2,
  ANSWER_INVALID: 5,
  PORT_BUSY: 6,
  LISTEN_FAILED: 6,
  STORE_DAMAGED: 6,
  STORE_VERSION: 6,
  STORE_UNAVAILABLE: 6,
  FILE_UNREADABLE: 6,
  OUTPUT_FAILED: 6,
  LOCKED: 6,
  INTERRUPTED: 130,
};

describe('an error', () => {
  test.each(Object.entries(EXITS) as [ErrorCode, ExitCode][])('%s exits with %i and says what to do', (code, exit) => {
    const error = new AuthError(code, 'It happened.');
    expect(error.exitCode).toBe(exit);
    expect(error.hint).toMatch(/^[A-Z].{15,}\.?$/);
    expect(String(error)).toBe('AuthError: It happened.');
  });

  test('prints under its own name, and is complete in JSON, without stack and cause', () => {
    const error = new AuthError('DENIED', 'No.', { cause: new Error('inner'), preserved: 'All.', hint: 'Do this.' });
    expect(error.stack).toMatch(/^AuthError: No\.\n/);
    expect(inspect(error)).toMatch(/^AuthError: No\.\n/);
    expect(JSON.parse(JSON.stringify({ error })).error).toEqual({
      ...{ name: 'AuthError', code: 'DENIED', message: 'No.', preserved: 'All.', hint: 'Do this.', exitCode: 4 },
      details: {},
    });
  });

  test('as the command line prints it has code, message, preserved, hint, exit code and details, but neither stack nor cause', () => {
    const error = new AuthError('UNAVAILABLE', 'It is away.', { cause: new Error('inner'), details: { status: 503 } });
    expect(error.with({ preserved: 'The tokens.' }).report()).toEqual({
      error: {
        code: 'UNAVAILABLE',
        message: 'It is away.',
        kept: 'The tokens.',
        hint: 'Try again later.',
        exit_code: 5,
        status: 503,
      },
    });
  });

  test('extended keeps code, cause, details, stack and the other fields', () => {
    const cause = new Error('inner');
    const error = new AuthError('DENIED', 'No.', { cause, preserved: 'All.', hint: 'Do this.', details: { n: 1 } });
    const more = error.with({ hint: 'Do that.' });
    expect(more).toMatchObject({
      code: 'DENIED',
      message: 'No.',
      preserved: 'All.',
      hint: 'Do that.',
      details: { n: 1 },
    });
    expect(more.cause).toBe(cause);
    expect(more.stack).toBe(error.stack);
    expect(error.hint).toBe('Do this.');
  });

  test('that was thrown elsewhere becomes UNEXPECTED; one of ours stays', () => {
    const ours = new AuthError('LOCKED', 'Busy.');
    expect(asAuthError(ours)).toBe(ours);
    const theirs = new TypeError('x is not a function');
    expect(asAuthError(theirs)).toMatchObject({ code: 'UNEXPECTED', cause: theirs });
    // A foreign message may quote a secret: it is not repeated.
    expect(asAuthError(theirs).message).toBe('Internal error (TypeError).');
    expect(asAuthError('thrown text').message).toBe('Internal error (string).');
  });
});
