import { describe, expect, test } from 'vitest';
import { AuthError } from '../../src/errors.ts';
import { parsed } from './parsed.ts';

/** `[what is typed, a key word of what is said, of what to do]` */
const WRONG = [
  ['tokn', /unknown command .tokn/i, /Did you mean token.* `fitbit-login --help`/],
  ['stauts', /unknown command/i, /Did you mean status/],
  ['help tokn', /unknown command/i, /Did you mean token/],
  ['xyzzy', /unknown command/i, /^See `fitbit-login --help`/],
  ['token --mintl 5', /unknown option .--mintl/i, /Did you mean --min-ttl.* `fitbit-login token --help`/],
  ['--prfile x', /unknown option .--prfile/i, /Did you mean .*--profile.* `fitbit-login login --help`/],
  ['token -z', /unknown option .-z/i, /^See `fitbit-login token --help`/],
  ['token --profile', /--profile <name>.*argument missing/i, /token --help/],
  ['token --log-level loud', /--log-level.*Allowed choices are trace, debug/, /token --help/],
  ['token --min-ttl soon', /--min-ttl.*whole number of seconds from 0 to 28000/, /token --help/],
  ['import', /missing required argument .file/i, /import --help/],
  ['exec', /missing required argument .command/i, /exec --help/],
  ['token now', /too many arguments/i, /token --help/],
  ['import a b', /too many arguments/i, /import --help/],
  ['--profile me token', /too many arguments for .login/i, /login --help/],
  ['completion tcsh', /shell.*Allowed choices are bash, zsh, fish, pwsh/, /completion --help/],
  // Options that a command would ignore.
  ['scopes --profile me', /unknown option .--profile/i, /scopes --help/],
  ['sandbox --profile me', /unknown option .--profile/i, /sandbox --help/],
  ['exec --json true', /unknown option .--json/i, /exec --help/],
] as const;

async function refusal(argv: readonly string[]): Promise<AuthError> {
  const thrown: unknown = await parsed(argv).catch((error) => error);
  if (thrown instanceof AuthError) return thrown;
  throw new Error(`It was taken: ${JSON.stringify(thrown)}`);
}

test.each([
  'exec -- true',
  'api /1/user/-/profile.json',
  'profiles rename a b',
  'token --min-ttl 5',
  'completion bash',
])('a `--` passed on by npm run changes nothing: %s', async (typed) => {
  expect(await parsed(['--', ...typed.split(' ')])).toEqual(await parsed(typed.split(' ')));
});

describe('wrong arguments', () => {
  test.each(WRONG)('%s', async (typed, message, hint) => {
    const error = await refusal(typed.split(' '));
    expect(error).toMatchObject({ code: 'USAGE', exitCode: 2 });
    expect(error.message).toMatch(message);
    expect(error.hint).toMatch(hint);
  });

  test.each([
    ['token', '--client-secret=marked-secret'],
    ['login', '-pmarked-secret'],
    ['token', 'marked-secret'],
    ['token', '--marked-secret-that-is-as-long-as-a-token-is'],
    ['marked-secret-that-is-as-long-as-a-token-is'],
    ['token', '--log-level', 'marked-secret'],
    ['token', '--min-ttl', 'marked-secret'],
    ['completion', 'marked-secret'],
  ])('are not repeated if they may be a secret: %s %s %s', async (...argv) => {
    const error = await refusal(argv.filter((word) => word !== undefined));
    expect(JSON.stringify(error.toJSON()) + error.stack).not.toContain('marked-secret');
  });
});
