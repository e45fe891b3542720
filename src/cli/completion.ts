import { bash, fish, pwsh, type ShellCompletion, zsh } from '@optique/core/completion';
import { Option } from 'commander';
import { type KnownScope, knownScopes, profiles, type RuntimeOptions, SETUP_PROVIDERS, status } from '../auth/index.ts';
import { printable } from '../secret.ts';
import type { ArgumentSpec, Command, OptionSpec } from './command.ts';
import { commonOf, PROGRAM } from './options.ts';

const LANGUAGES = { bash, zsh, fish, pwsh } as const satisfies Record<string, ShellCompletion>;
type Shell = keyof typeof LANGUAGES;

/** What a shell is to read. It asks this program what may come next, so that it stays right when the program is updated. */
export function scriptFor(shell: Shell): string {
  return LANGUAGES[shell].generateScript(PROGRAM, ['completion', shell, '--']).trim();
}

/** What may stand in the place of the last of `words`, which follow the program's name, in the words of the shell's script. */
export async function suggestionsFor(
  shell: Shell,
  words: readonly string[],
  commands: readonly Command[],
  runtimeOptions: RuntimeOptions,
): Promise<string> {
  const suggestions = await suggest(words, commands, sources({ ...runtimeOptions, onNotice: () => {} }));
  // Each by itself, a line each: the scripts read lines, and zsh's records do not end with one.
  const records = suggestions.map((suggestion) =>
    LANGUAGES[shell].encodeSuggestions([
      suggestion.kind === 'files'
        ? { kind: 'file', type: 'any', pattern: words.at(-1), prefix: suggestion.prefix }
        : {
            kind: 'literal',
            text: printable(suggestion.text),
            description:
              suggestion.words === undefined ? undefined : [{ type: 'text', text: printable(suggestion.words) }],
          },
    ]),
  );
  return records.map((record) => [...record].join('')).join('\n');
}

/** Only reads; nothing is created, locked or sent. */
function sources(runtimeOptions: RuntimeOptions): Sources {
  return {
    profiles: async () =>
      (await profiles(runtimeOptions)).map((listed) => ({
        text: listed.profile,
        words:
          'status' in listed
            ? `${listed.status.userId ?? 'not signed in'}, ${listed.status.providerName}`
            : 'cannot be read',
      })),
    scopes: async (line) => {
      const provider = await providerOf(line, runtimeOptions);
      const known: Readonly<Record<string, readonly KnownScope[]>> = knownScopes();
      const scopes = provider === undefined ? Object.values(known).flat() : (known[provider] ?? []);
      return scopes.map(({ name, words }) => ({ text: name, words }));
    },
  };
}

/** The provider that a line is about, as `login` would find it: named, else inferred from the client ID, else the stored one. */
async function providerOf(line: Given, runtimeOptions: RuntimeOptions): Promise<string | undefined> {
  const named = line.get('--provider');
  if (named !== undefined) return named;
  const clientId = line.get('--client-id') ?? runtimeOptions.environment?.FITBIT_CLIENT_ID;
  const inferred = SETUP_PROVIDERS.find(
    ({ clientIdPattern }) => clientId !== undefined && clientIdPattern.test(clientId),
  );
  if (inferred !== undefined) return inferred.provider.id;
  const stored = await status({ profile: line.get('--profile') }, runtimeOptions).catch(() => undefined);
  return stored?.provider;
}

interface Offered {
  readonly text: string;
  /** What it is, where that is worth saying. */
  readonly words?: string;
}

/** What may stand in the place of the word that is being typed; of files, those after `prefix`, which is on the line already. */
export type Suggestion = ({ readonly kind: 'text' } & Offered) | { readonly kind: 'files'; readonly prefix: string };

/** The options that are given on a line, by their long names; the value of one that takes none is empty. */
type Given = ReadonlyMap<string, string>;

/** Where suggestions come from that the command table does not hold. */
export interface Sources {
  readonly profiles: () => Promise<readonly Offered[]>;
  /** Of the provider that the line is about. */
  readonly scopes: (line: Given) => Promise<readonly Offered[]>;
}

/** @param words what follows the program's name; the last one, empty perhaps, is being typed */
export async function suggest(
  words: readonly string[],
  commands: readonly Command[],
  sources: Sources,
): Promise<readonly Suggestion[]> {
  const before = words.slice(0, -1);
  const part = words.at(-1) ?? '';
  const [first] = before;
  if ((first === undefined && !part.startsWith('-')) || first === 'help') {
    const named = commands.map(({ name, summary }) => ({ text: name, words: summary }));
    if (first === undefined) return texts([...named, { text: 'help', words: 'show the help of a command' }], part);
    return before.length > 1 ? [] : texts(named, part);
  }
  const isLogin = first === undefined || first.startsWith('-');
  const command = isLogin ? commands[0] : commands.find(({ name }) => name === first);
  return command === undefined ? [] : suggestFor(command, isLogin ? before : before.slice(1), part, sources);
}

async function suggestFor(
  command: Command,
  before: readonly string[],
  part: string,
  sources: Sources,
): Promise<readonly Suggestion[]> {
  const options = [...command.options, ...commonOf(command)].map((spec) => ({ spec, flag: new Option(spec.flags) }));
  const { given, operands, waiting, onlyOperands } = readLine(command, options, before);
  /** @param prefix what stands before the value in the same word */
  const offered = async (spec: OptionSpec | ArgumentSpec | undefined, prefix = ''): Promise<readonly Suggestion[]> => {
    const offer = spec?.choices ?? spec?.offer ?? [];
    const value = part.slice(prefix.length);
    if (offer === 'files') return [{ kind: 'files', prefix }];
    if (offer === 'profiles') return texts(await sources.profiles(), value, prefix);
    if (offer !== 'scopes')
      return texts(
        offer.map((text) => ({ text })),
        value,
        prefix,
      );
    // A list: only what follows its last separator is being typed.
    const [, listed = ''] = /^(.*[\s,])/s.exec(value) ?? [];
    const taken = listed.split(/[\s,]+/);
    const fresh = (await sources.scopes(given)).filter(({ text }) => !taken.includes(text));
    return texts(fresh, value.slice(listed.length), prefix + listed);
  };
  const optionNames = () => {
    const fresh = options.filter(({ spec, flag }) => spec.collect || !given.has(flag.long ?? ''));
    const named = fresh.map(({ spec, flag }) => ({ text: flag.long ?? '', words: spec.description }));
    return texts([...named, { text: '--help', words: 'show help' }], part);
  };

  // A value that may be left out gives way to the next option.
  if (waiting !== undefined && (waiting.flag.required || !part.startsWith('-'))) return offered(waiting.spec);
  if (part.startsWith('-') && !onlyOperands) {
    const [prefix, name] = /^(--[^=]+)=/.exec(part) ?? [];
    return prefix === undefined ? optionNames() : offered(options.find(({ flag }) => flag.long === name)?.spec, prefix);
  }
  const wanted = command.arguments ?? [];
  if (wanted.length === 0) return part === '' ? optionNames() : [];
  const last = wanted.at(-1);
  return offered(wanted[operands] ?? (last?.name.includes('...') ? last : undefined));
}

interface Known {
  readonly spec: OptionSpec;
  readonly flag: Option;
}

/** What stands before the word that is being typed. What cannot be there is passed over. */
function readLine(command: Command, options: readonly Known[], words: readonly string[]) {
  const given = new Map<string, string>();
  let operands = 0;
  /** The option whose value comes next. */
  let waiting: Known | undefined;
  /** Whether what follows can be no option. */
  let onlyOperands = false;
  for (const word of words) {
    const [, name = '', value] = /^(--?[^=]+)(?:=(.*))?$/s.exec(word) ?? [];
    const found = onlyOperands ? undefined : options.find(({ flag }) => flag.long === name || flag.short === name);
    if (waiting !== undefined && (waiting.flag.required || !word.startsWith('-'))) {
      given.set(waiting.flag.long ?? '', word);
      waiting = undefined;
    } else if (found !== undefined) {
      given.set(found.flag.long ?? '', value ?? '');
      waiting = value === undefined && (found.flag.required || found.flag.optional) ? found : undefined;
    } else if (word === '--' && !onlyOperands) {
      waiting = undefined;
      onlyOperands = true;
    } else if (onlyOperands || word === '-' || !word.startsWith('-')) {
      operands += 1;
      onlyOperands ||= command.passThrough === true;
    }
  }
  return { given, operands, waiting, onlyOperands };
}

function texts(offered: readonly Offered[], part: string, prefix = ''): readonly Suggestion[] {
  return offered
    .filter(({ text }) => text.startsWith(part))
    .map(({ text, ...rest }) => ({ kind: 'text', text: prefix + text, ...rest }));
}
