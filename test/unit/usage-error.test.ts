import { describe, expect, test } from 'vitest';
import { AuthError } from '../../src/errors.ts';
import { parsed } from './parsed.ts';

/** `[what is typed, what is said, what is to be done]` */
const WRONG = [
  ['tokn', 'There is no command “tokn”.', /^Did you mean `token`\? See `fitbit-login --help`/],
  ['stauts', 'There is no command “stauts”.', /^Did you mean `status`\?/],
  ['logon', 'There is no command “logon”.', /^Did you mean `login`\?/],
  ['help tokn', 'There is no command “tokn”.', /^Did you mean `token`\?/],
  ['xyzzy', 'There is no command “xyzzy”.', /^Commands: login, setup, .*\. See `fitbit-login --help`/],
  ['tokn --help', 'There is no command “tokn”.', /^Did you mean `token`\?/],
  ['token --mintl 5', '`token` has no option --mintl.', /^Did you mean `--min-ttl`\? See `fitbit-login token --help`/],
  ['--prfile x', '`login` has no option --prfile.', /^Did you mean `--profile`\? See `fitbit-login login --help`/],
  ['token --jsno', '`token` has no option --jsno.', /^Did you mean `--json`\?/],
  ['token -z', '`token` has no option -z.', /^See `fitbit-login token --help`/],
  ['token --profile', 'The option --profile <name> needs a value.', /^See `fitbit-login token --help`/],
  [
    'token --log-level loud',
    'The option --log-level <level> wants one of: trace, debug, info, warn, error, fatal.',
    /token --help/,
  ],
  [
    'token --min-ttl soon',
    'The option --min-ttl: “soon” is not a whole number of seconds from 0 to 28000.',
    /^See `fitbit-login token --help`/,
  ],
  ['import', '`import` wants <file>: the file; “-” is standard input.', /^See `fitbit-login import --help`/],
  ['exec', '`exec` wants <command...>: the command and its arguments.', /exec --help/],
  ['token now', '`token` takes no arguments, only options.', /^See `fitbit-login token --help`/],
  ['import a b', '`import` takes <file> and nothing more.', /^See `fitbit-login import --help`/],
  [
    '--profile me token',
    '`login` takes no arguments, only options.',
    /^The command comes first: `fitbit-login token …`\./,
  ],
  ['completion tcsh', '<shell> wants one of: bash, zsh, fish, pwsh.', /completion --help/],
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
])('a `--` that a runner of scripts has handed through changes nothing: %s', async (typed) => {
  expect(await parsed(['--', ...typed.split(' ')])).toEqual(await parsed(typed.split(' ')));
});

describe('arguments that cannot be', () => {
  test.each(WRONG)('%s', async (typed, message, hint) => {
    const error = await refusal(typed.split(' '));
    expect(error).toMatchObject({ code: 'USAGE', message, hint: expect.stringMatching(hint) });
  });

  test.each([
    ['token', '--client-secret=marked-secret'],
    ['login', '-pmarked-secret'],
    ['token', 'marked-secret'],
    ['token', '--marked-secret-that-is-as-long-as-a-token-is'],
    ['marked-secret-that-is-as-long-as-a-token-is'],
    ['token', '--log-level', 'marked-secret'],
  ])('are not repeated where they may be a secret: %s %s', async (...argv) => {
    const error = await refusal(argv);
    expect(JSON.stringify(error.toJSON()) + error.stack).not.toContain('marked-secret');
  });
});
