import { wordsBeforeSeparator } from '../../messages.ts';
import { type Command, command } from '../command.ts';

/** The shells that there is a script for. */
export const SHELLS = ['bash', 'zsh', 'fish', 'pwsh'] as const;

/** @param commands what is completed */
export function completionCommand(commands: () => readonly Command[]): Command {
  return command({
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
    run: async (_options, { operands: [name, separator, ...words], runtimeOptions, write }) => {
      const { scriptFor, suggestionsFor } = await import('../completion.ts');
      const shell = SHELLS.find((known) => known === name) ?? 'bash';
      if (separator !== undefined && separator !== '--') throw wordsBeforeSeparator();
      // After any error there is nothing to offer: Tab shows no messages.
      const text =
        separator === undefined
          ? scriptFor(shell)
          : await suggestionsFor(shell, words, commands(), runtimeOptions).catch(() => '');
      // As it is: the shells' records have NULs between their fields.
      await write(`${text}\n`);
    },
  });
}
