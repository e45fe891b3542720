import { Command as Commander, CommanderError } from 'commander';
import { AuthError } from '../errors.ts';
import type { Command } from './command.ts';
import { COMMANDS, COMMON_OPTIONS, PROGRAM } from './table.ts';

/** The command that the first word names; the one that runs when no command is named, where the first word is an option. */
export function commandOf([first]: readonly string[]): Command | undefined {
  return first === undefined || first.startsWith('-')
    ? COMMANDS.find(({ isDefault }) => isDefault)
    : COMMANDS.find(({ name }) => name === first);
}

/** There is no such command. */
export function unknownCommand(word: string): AuthError {
  const names = COMMANDS.map(({ name }) => name);
  return new AuthError('USAGE', `There is no command “${shown(word)}”.`, {
    hint: `${didYouMean(nearest(word, names)) || `Commands: ${names.join(', ')}. `}See \`${PROGRAM.name} --help\`.`,
  });
}

/** What a value was given to: an option's own words say only what is wrong with the value. */
export function badValue(option: string, command: Command, { message }: AuthError): AuthError {
  return new AuthError('USAGE', `The option ${option}: ${message}`, { hint: seeHelp(command) });
}

/**
 * What is wrong with arguments that commander refuses, in this program's words. Values are not repeated: one may be a secret
 * that does not belong there.
 */
export function usageError({ code, message }: CommanderError, argv: readonly string[]): AuthError {
  const command = commandOf(argv);
  const words = message.replace(/^error: /, '');
  const [, quoted = ''] = /'(.*?)'/s.exec(words) ?? [];
  if (command === undefined) return new AuthError('USAGE', words);
  const said = SAID[code]?.({ command, quoted, words, argv }) ?? { message: words };
  return new AuthError('USAGE', said.message, { hint: `${said.first ?? ''}${seeHelp(command)}` });
}

interface Refused {
  readonly command: Command;
  /** What commander's message puts in quotation marks. */
  readonly quoted: string;
  readonly words: string;
  readonly argv: readonly string[];
}

/** By commander's own codes. */
const SAID: Readonly<Record<string, (refused: Refused) => { readonly message: string; readonly first?: string }>> = {
  'commander.unknownOption': ({ command, quoted }) => {
    const option = quoted.startsWith('--') ? shown(quoted.replace(/=.*$/s, '')) : quoted.slice(0, 2);
    const names = [...command.options, ...COMMON_OPTIONS].flatMap(({ flags }) => /--([\w-]+)/.exec(flags)?.[1] ?? []);
    const near = option.startsWith('--') ? nearest(option.slice(2), [...names, 'help']).map((name) => `--${name}`) : [];
    return { message: `\`${command.name}\` has no option ${option}.`, first: didYouMean(near) };
  },
  'commander.optionMissingArgument': ({ quoted }) => ({ message: `The option ${quoted} needs a value.` }),
  'commander.invalidArgument': ({ words }) => {
    // An option is named first, before its value; an argument last.
    const [, option] = /^option '(.*?)'/s.exec(words) ?? [];
    const [, argument] = /for argument '(\w+)'/.exec(words) ?? [];
    const [, choices = ''] = /Allowed choices are (.*)\.$/.exec(words) ?? [];
    return { message: `${option ? `The option ${option}` : `<${argument}>`} wants one of: ${choices}.` };
  },
  'commander.missingArgument': ({ command, quoted }) => {
    const { name, description } = command.arguments?.find((argument) => argument.name.includes(quoted)) ?? {};
    return { message: `\`${command.name}\` wants ${name ?? quoted}: ${description ?? 'an argument'}.` };
  },
  'commander.excessArguments': ({ command, argv }) => {
    const wants = (command.arguments ?? []).map(({ name }) => name).join(' ');
    const named =
      argv[0] === command.name ? undefined : argv.find((word) => COMMANDS.some(({ name }) => name === word));
    return {
      message: wants
        ? `\`${command.name}\` takes ${wants} and nothing more.`
        : `\`${command.name}\` takes no arguments, only options.`,
      ...(named === undefined ? {} : { first: `The command comes first: \`${PROGRAM.name} ${named} …\`. ` }),
    };
  },
};

function seeHelp({ name }: Command): string {
  return `See \`${PROGRAM.name} ${name} --help\`.`;
}

function didYouMean(names: readonly string[]): string {
  return names.length === 0 ? '' : `Did you mean ${names.map((name) => `\`${name}\``).join(' or ')}? `;
}

/** A word as an error may repeat it: a long one is no slip of the fingers, and may be a token that was pasted. */
function shown(word: string): string {
  return word.length > 32 ? `${word.slice(0, 8)}…` : word;
}

/** The names that `word` is most like: as commander finds them, which has no other way to ask it. */
function nearest(word: string, names: readonly string[]): readonly string[] {
  const guesser = new Commander()
    .helpCommand(false)
    .exitOverride()
    .configureOutput({ writeErr: () => {} });
  for (const name of names) guesser.command(name);
  try {
    guesser.parse(['--', word], { from: 'user' });
  } catch (thrown) {
    if (!(thrown instanceof CommanderError)) throw thrown;
    const [, found] = /\(Did you mean (?:one of )?(.*)\?\)/.exec(thrown.message) ?? [];
    return found?.split(', ') ?? [];
  }
  return [];
}
