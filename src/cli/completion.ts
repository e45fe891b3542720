import { bash, fish, pwsh, type ShellCompletion, zsh } from '@optique/core/completion';
import { defined } from '../defined.ts';
import { type KnownScope, knownScopes, profiles, type RuntimeOptions, SETUP_PROVIDERS, status } from '../index.ts';
import type { SHELLS } from './commands/completion.ts';
import { type Given, type Sources, suggest } from './suggest.ts';
import { PROGRAM } from './table.ts';

type Shell = (typeof SHELLS)[number];

const LANGUAGES: Readonly<Record<Shell, ShellCompletion>> = { bash, zsh, fish, pwsh };

/** What a shell is to read. It asks this program what may come next, so that it stays right when the program is updated. */
export function scriptFor(shell: Shell): string {
  return LANGUAGES[shell].generateScript(PROGRAM.name, ['completion', shell, '--']).trim();
}

/** What may stand in the place of the last of `words`, which follow the program's name, in the words of the shell's script. */
export async function suggestionsFor(
  shell: Shell,
  words: readonly string[],
  surroundings: RuntimeOptions,
): Promise<string> {
  const current = words.at(-1) ?? '';
  const suggestions = await suggest(words, sources({ ...surroundings, onNotice: () => {} }));
  // Each by itself, a line each: the scripts read lines, and zsh's records do not end with one.
  const records = suggestions.map((suggestion) =>
    LANGUAGES[shell].encodeSuggestions([
      suggestion.kind === 'files'
        ? { kind: 'file', type: 'any', pattern: current, prefix: suggestion.prefix }
        : {
            kind: 'literal',
            text: suggestion.text,
            ...(suggestion.words === undefined ? {} : { description: [{ type: 'text', text: suggestion.words }] }),
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
          'status' in listed ? `${listed.status.userId ?? 'nobody'}, ${listed.status.providerName}` : 'cannot be read',
      })),
    scopes: async (line) => {
      const provider = await providerOf(line, surroundings);
      const known: Readonly<Record<string, readonly KnownScope[]>> = knownScopes();
      const scopes = provider === undefined ? Object.values(known).flat() : (known[provider] ?? []);
      return scopes.map(({ name, words }) => ({ text: name, words }));
    },
  };
}

/** The provider that a line is about, as `login` would find it: named, else told by the client id, else the stored one. */
async function providerOf(line: Given, surroundings: RuntimeOptions): Promise<string | undefined> {
  const named = line.get('--provider');
  if (named !== undefined) return named;
  const clientId = line.get('--client-id') ?? surroundings.environment?.FITBIT_CLIENT_ID;
  const told = SETUP_PROVIDERS.find(({ clientIdPattern }) => clientId !== undefined && clientIdPattern.test(clientId));
  if (told !== undefined) return told.provider.id;
  const profile = line.get('--profile');
  const stored = await status(defined({ profile }), surroundings).catch(() => undefined);
  return stored?.provider;
}
