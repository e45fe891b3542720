import * as v from 'valibot';
import { wordsBeforeSeparator } from '../../messages.ts';
import type { Command } from '../command.ts';

/** The shells that there is a script for. */
export const SHELLS = ['bash', 'zsh', 'fish', 'pwsh'] as const;

/** As it is: the shells' records have NULs between their fields. */
const bytes = (text: string) => new TextEncoder().encode(`${text}\n`);

const Operands = v.tupleWithRest([v.picklist(SHELLS)], v.string());

/** @param commands what is completed */
export function completionCommand(commands: () => readonly Command[]): Command {
  return {
    name: 'completion',
    summary: 'Print a shell completion script',
    arguments: [
      { name: '<shell>', description: 'shell that will read it', choices: SHELLS },
      { name: '[words...]', description: '(internal)' },
    ],
    options: [],
    common: [],
    // What is on the line to be completed is no option of this command.
    passThrough: true,
    examples: [
      { what: 'bash, in ~/.bashrc', command: 'source <(fitbit-login completion bash)' },
      {
        what: 'bash, once, if the package bash-completion is installed',
        command: 'fitbit-login completion bash > ~/.local/share/bash-completion/completions/fitbit-login',
      },
      { what: 'zsh, in ~/.zshrc, after compinit', command: 'source <(fitbit-login completion zsh)' },
      { what: 'fish, once', command: 'fitbit-login completion fish > ~/.config/fish/completions/fitbit-login.fish' },
      {
        what: 'PowerShell 7, in $PROFILE',
        command: 'fitbit-login completion pwsh | Out-String | Invoke-Expression',
      },
    ],
    run: async (_given, { operands, surroundings, print }) => {
      const [shell, separator, ...words] = v.parse(Operands, operands);
      const { scriptFor, suggestionsFor } = await import('../completion.ts');
      if (separator === undefined) {
        await print(bytes(scriptFor(shell)));
        return 0;
      }
      if (separator !== '--') throw wordsBeforeSeparator();
      // After any error there is nothing to offer: Tab shows no messages.
      await print(bytes(await suggestionsFor(shell, words, commands(), surroundings).catch(() => '')));
      return 0;
    },
  };
}
