import * as v from 'valibot';
import { AuthError } from '../../errors.ts';
import type { Command } from '../command.ts';
import { commonOptions } from '../options.ts';
import { inJsonOr } from '../print.ts';

/** The shells that there is a script for. */
export const SHELLS = ['bash', 'zsh', 'fish', 'pwsh'] as const;

const Options = v.object(commonOptions);

export const completionCommand: Command = {
  name: 'completion',
  summary: 'print the script that lets a shell complete commands, options, profiles and scopes on Tab',
  arguments: [
    { name: '<shell>', description: 'which shell it is for', choices: SHELLS },
    { name: '[words...]', description: 'after “--”, what is on the line: the script asks with it what may come next' },
  ],
  options: [],
  // What stands on the line to be completed is nobody's option here.
  passThrough: true,
  examples: [
    { what: 'bash, in ~/.bashrc', command: 'source <(fitbit-login completion bash)' },
    {
      what: 'or once, where the package bash-completion is installed: nothing is run until the first Tab',
      command: 'fitbit-login completion bash > ~/.local/share/bash-completion/completions/fitbit-login',
    },
    { what: 'zsh, in ~/.zshrc, after compinit', command: 'source <(fitbit-login completion zsh)' },
    {
      what: 'fish, once',
      command: 'fitbit-login completion fish > ~/.config/fish/completions/fitbit-login.fish',
    },
    {
      what: 'PowerShell 7, in $PROFILE',
      command: 'fitbit-login completion pwsh | Out-String | Invoke-Expression',
    },
  ],
  run: async (given, { operands, surroundings, answer }) => {
    const { json } = v.parse(Options, given);
    const [name, separator, ...words] = operands;
    const shell = SHELLS.find((known) => known === name);
    if (shell === undefined || (separator !== undefined && separator !== '--'))
      throw new AuthError('USAGE', 'The words to complete come after “--”.');
    const { scriptFor, suggestionsFor } = await import('../completion.ts');
    if (separator === undefined) {
      const script = scriptFor(shell);
      answer(inJsonOr(json, { shell, script }, script));
      return 0;
    }
    // Whatever is wrong, a person who presses Tab is not told: there is nothing to offer then.
    answer(await suggestionsFor(shell, words, surroundings).catch(() => ''));
    return 0;
  },
};
