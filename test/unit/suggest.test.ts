import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { COMMANDS } from '../../src/cli/commands/index.ts';
import { type Sources, suggest } from '../../src/cli/completion.ts';
import { commonOf } from '../../src/cli/options.ts';
import { parsed } from './parsed.ts';

const sources: Sources = {
  profiles: async () => [
    { text: 'default', words: 'WALK01, Fitbit' },
    { text: 'partner', words: 'SLEEP2, Fitbit' },
  ],
  scopes: async (line) =>
    ['activity', 'sleep', 'settings'].map((text) => ({ text, words: `of ${line.get('--client-id') ?? 'anybody'}` })),
};

async function texts(line: string): Promise<readonly string[]> {
  const found = await suggest(line.split(' '), COMMANDS, sources);
  return found.map((suggestion) =>
    suggestion.kind === 'text' ? suggestion.text : `FILES after “${suggestion.prefix}”`,
  );
}

/** `[what follows the program's name, a bar where the word begins that is being typed, what is offered]` */
const OFFERED = [
  ['s', ['setup', 'status', 'scopes', 'store', 'sandbox']],
  ['help s', ['setup', 'status', 'scopes', 'store', 'sandbox']],
  ['help status s', []],
  ['unheard-of ', []],
  ['refresh ', ['--all', '--min-ttl', '--profile', '--json', '--log-level', '--help']],
  ['refresh --json ', ['--all', '--min-ttl', '--profile', '--log-level', '--help']],
  ['refresh some', []],
  ['refresh -', ['--all', '--min-ttl', '--profile', '--json', '--log-level', '--help']],
  // Without a command it is `login`.
  ['--log', ['--login-hint', '--log-level']],
  ['--json --sc', ['--scope']],
  // Values, as the next word and as part of this one.
  ['token --log-level ', ['trace', 'debug', 'info', 'warn', 'error', 'fatal']],
  ['token --log-level=d', ['--log-level=debug']],
  ['token --profile ', ['default', 'partner']],
  ['token --profile --json ', ['--min-ttl', '--json', '--log-level', '--help']],
  ['token --profile=p', ['--profile=partner']],
  ['token --min-ttl ', []],
  ['token --min-ttl 5 --p', ['--profile']],
  ['token --nonsense=', []],
  ['login --scope ', ['activity', 'sleep', 'settings']],
  ['login --scope sleep,', ['sleep,activity', 'sleep,settings']],
  ['login --scope=sleep,act', ['--scope=sleep,activity']],
  ['login --prompt ', ['consent', 'login', 'none']],
  ['export --output ', ['FILES after “”']],
  ['export --output=a', ['FILES after “--output=”']],
  // A value that may be left out.
  ['login --sandbox --no', ['--no-email', '--no-browser']],
  ['login --sandbox http://127.0.0.1:8977 --no', ['--no-email', '--no-browser']],
  // May be given again.
  ['api -H a:b --h', ['--header', '--help']],
  ['api -X ', ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']],
  ['api ', []],
  // Operands.
  ['import ', ['FILES after “”']],
  ['profiles ', ['rename', 'delete']],
  ['profiles rename ', ['default', 'partner']],
  ['profiles rename default ', ['default', 'partner']],
  ['profiles --json d', ['delete']],
  ['profiles -- -', []],
  ['completion f', ['fish']],
  // What follows the command that is to be run is that command's own.
  ['exec --min', ['--min-ttl']],
  ['exec python3 --min', ['FILES after “”']],
  ['exec -- --min', ['FILES after “”']],
  ['completion bash -- token --j', []],
] as const;

describe('completions', () => {
  test.each(OFFERED)('%s', async (line, offered) => {
    expect(await texts(line)).toEqual(offered);
  });

  test('describes each suggestion', async () => {
    expect(await suggest(['tok'], COMMANDS, sources)).toEqual([
      { kind: 'text', text: 'token', words: 'Print a working access token' },
    ]);
    expect(await suggest('login --client-id 23ABCD --scope act'.split(' '), COMMANDS, sources)).toEqual([
      { kind: 'text', text: 'activity', words: 'of 23ABCD' },
    ]);
  });

  test('every suggested option is accepted by the parser', async () => {
    for (const command of COMMANDS) {
      const { name, options, arguments: operands = [] } = command;
      const needed = operands
        .filter((operand) => operand.name.startsWith('<'))
        .map(({ choices }) => choices?.[0] ?? 'x');
      for (const option of await texts(`${name} -`)) {
        if (option === '--help') continue;
        const {
          flags = '',
          choices,
          parse,
        } = [...options, ...commonOf(command)].find((spec) => spec.flags.includes(option)) ?? {};
        const value = flags.includes('<')
          ? [choices?.[0] ?? (parse === undefined ? 'x' : flags.includes('<time>') ? '5m' : '5')]
          : [];
        await expect(parsed([name, option, ...value, ...needed])).resolves.toMatchObject({ operands: needed });
      }
    }
  });

  test('completes the typed word, whatever is on the line', async () => {
    const word = fc.oneof(
      fc.constantFrom(
        ...COMMANDS.map(({ name }) => name),
        'help',
        '--',
        '-',
        '',
        '--scope',
        '--sandbox',
        '-X',
        '--json',
      ),
      fc.constantFrom('--profile=', '--scope=sleep,', '--log-level=w', '--=', '--x=y=z', 'a b'),
      fc.string(),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(word), async (words) => {
        const part = words.at(-1) ?? '';
        for (const found of await suggest(words, COMMANDS, sources)) {
          expect(part.startsWith(found.kind === 'files' ? found.prefix : '') || found.kind === 'text').toBe(true);
          if (found.kind === 'text') expect(found.text.startsWith(part)).toBe(true);
        }
      }),
    );
  });
});
