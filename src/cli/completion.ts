import { bash, fish, pwsh, type ShellCompletion, zsh } from '@optique/core/completion';
import { Option } from 'commander';
import { type KnownScope, knownScopes, profiles, type RuntimeOptions, SETUP_PROVIDERS, status } from '../auth/index.ts';
import { printable } from '../secret.ts';
import type { ArgumentSpec, Command, Offer, OptionSpec } from './command.ts';
import { commonOf, PROGRAM } from './options.ts';

type Shell = 'bash' | 'zsh' | 'fish' | 'pwsh';

const LANGUAGES: Readonly<Record<Shell, ShellCompletion>> = { bash, zsh, fish, pwsh };

/** What a shell is to read. It asks this program what may come next, so that it stays right when the program is updated. */
export function scriptFor(shell: Shell): string {
  return LANGUAGES[shell].generateScript(PROGRAM, ['completion', shell, '--']).trim();
}

/** What may stand in the place of the last of `words`, which follow the program's name, in the words of the shell's script. */
export async function suggestionsFor(
  shell: Shell,
  words: readonly string[],
  commands: readonly Command[],
  surroundings: RuntimeOptions,
): Promise<string> {
  const current = words.at(-1) ?? '';
  const suggestions = await suggest(words, commands, sources({ ...surroundings, onNotice: () => {} }));
  // Each by itself, a line each: the scripts read lines, and zsh's records do not end with one.
  const records = suggestions.map((suggestion) =>
    LANGUAGES[shell].encodeSuggestions([
      suggestion.kind === 'files'
        ? { kind: 'file', type: 'any', pattern: current, prefix: suggestion.prefix }
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
function sources(surroundings: RuntimeOptions): Sources {
  return {
    profiles: async () =>
      (await profiles(surroundings)).map((listed) => ({
        text: listed.profile,
        words:
          'status' in listed
            ? `${listed.status.userId ?? 'not signed in'}, ${listed.status.providerName}`
            : 'cannot be read',
      })),
    scopes: async (line) => {
      const provider = await providerOf(line, surroundings);
      const known: Readonly<Record<string, readonly KnownScope[]>> = knownScopes();
      const scopes = provider === undefined ? Object.values(known).flat() : (known[provider] ?? []);
      return scopes.map(({ name, words }) => ({ text: name, words }));
    },
  };
}

/** The provider that a line is about, as `login` would find it: named, else inferred from the client ID, else the stored one. */
async function providerOf(line: Given, surroundings: RuntimeOptions): Promise<string | undefined> {
  const named = line.get('--provider');
  if (named !== undefined) return named;
  const clientId = line.get('--client-id') ?? surroundings.environment?.FITBIT_CLIENT_ID;
  const inferred = SETUP_PROVIDERS.find(
    ({ clientIdPattern }) => clientId !== undefined && clientIdPattern.test(clientId),
  );
  if (inferred !== undefined) return inferred.provider.id;
  const profile = line.get('--profile');
  const stored = await status({ profile }, surroundings).catch(() => undefined);
  return stored?.provider;
}

/** What may stand in the place of the word that is being typed. */
export type Suggestion =
  /** `words` says what it is, where that is worth saying. */
  | { readonly kind: 'text'; readonly text: string; readonly words?: string }
  /** The files there, after `prefix`, which is on the line already: `--output=`. */
  | { readonly kind: 'files'; readonly prefix: string };

/** The options that are given on a line, by their long names; the value of one that takes none is empty. */
export type Given = ReadonlyMap<string, string>;

export interface Offered {
  readonly text: string;
  readonly words: string;
}

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
    const help = { text: 'help', words: 'show the help of a command' };
    if (before.length > 1) return [];
    return texts(first === undefined ? [...named, help] : named, part);
  }
  const command = first?.startsWith('-')
    ? commands[0]
    : (commands.find(({ name }) => name === first) ?? (first === undefined ? commands[0] : undefined));
  return command === undefined
    ? []
    : suggestFor(command, first === command.name ? before.slice(1) : before, part, sources);
}

async function suggestFor(
  command: Command,
  before: readonly string[],
  part: string,
  sources: Sources,
): Promise<readonly Suggestion[]> {
  const options = [...command.options, ...commonOf(command)].map((spec) => ({ spec, flag: new Option(spec.flags) }));
  const line = readLine(command, options, before);
  const offered = (spec: OptionSpec | ArgumentSpec | undefined, prefix = '') =>
    values(spec?.choices ?? spec?.offer ?? [], { part: part.slice(prefix.length), prefix, line: line.given, sources });

  const { waiting } = line;
  // A value that may be left out gives way to the next option.
  if (waiting !== undefined && (waiting.flag.required || !part.startsWith('-'))) return offered(waiting.spec);
  if (part.startsWith('-') && !line.onlyOperands) {
    const [prefix, name] = /^(--[^=]+)=/.exec(part) ?? [];
    if (prefix !== undefined) return offered(options.find(({ flag }) => flag.long === name)?.spec, prefix);
    return optionNames(options, line.given, part);
  }
  const wanted = command.arguments ?? [];
  if (wanted.length === 0) return part === '' ? optionNames(options, line.given, part) : [];
  const last = wanted.at(-1);
  return offered(wanted[line.operands] ?? (last?.name.includes('...') ? last : undefined));
}

interface Known {
  readonly spec: OptionSpec;
  readonly flag: Option;
}

interface Line {
  readonly given: Given;
  readonly operands: number;
  /** The option whose value comes next. */
  readonly waiting: Known | undefined;
  /** Whether what follows can be no option. */
  readonly onlyOperands: boolean;
}

/** What stands before the word that is being typed. What cannot be there is passed over. */
function readLine(command: Command, options: readonly Known[], words: readonly string[]): Line {
  const given = new Map<string, string>();
  let operands = 0;
  let waiting: Known | undefined;
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

function optionNames(options: readonly Known[], given: Given, part: string): readonly Suggestion[] {
  const fresh = options.filter(({ spec, flag }) => spec.collect || !given.has(flag.long ?? ''));
  const named = fresh.map(({ spec, flag }) => ({ text: flag.long ?? '', words: spec.description }));
  return texts([...named, { text: '--help', words: 'show help' }], part);
}

interface Wanted {
  readonly part: string;
  /** What stands before the value in the same word. */
  readonly prefix: string;
  readonly line: Given;
  readonly sources: Sources;
}

async function values(offer: Offer, { part, prefix, line, sources }: Wanted): Promise<readonly Suggestion[]> {
  if (offer === 'files') return [{ kind: 'files', prefix }];
  if (offer === 'profiles') return texts(await sources.profiles(), part, prefix);
  if (offer === 'scopes') {
    // A list: only what follows its last separator is being typed.
    const [, listed = ''] = /^(.*[\s,])/s.exec(part) ?? [];
    const taken = listed.split(/[\s,]+/);
    const fresh = (await sources.scopes(line)).filter(({ text }) => !taken.includes(text));
    return texts(fresh, part.slice(listed.length), prefix + listed);
  }
  return texts(
    offer.map((text) => ({ text })),
    part,
    prefix,
  );
}

function texts(
  offered: readonly { readonly text: string; readonly words?: string }[],
  part: string,
  prefix = '',
): readonly Suggestion[] {
  return offered
    .filter(({ text }) => text.startsWith(part))
    .map(({ text, ...rest }) => ({ kind: 'text', text: prefix + text, ...rest }));
}
