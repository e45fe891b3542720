import {
  Argument,
  Command as Commander,
  CommanderError,
  Help,
  type HelpConfiguration,
  InvalidArgumentError,
  Option,
} from 'commander';
import { AuthError } from '../errors.ts';
import type { Command, CommonOptions, OptionSpec } from './command.ts';
import { COMMANDS, DESCRIPTION, DOCS, ENVIRONMENT, EXIT_CODES, GROUPS } from './commands/index.ts';
import type { Context } from './context.ts';
import { COMMON_OPTIONS, commonOf, PROGRAM } from './options.ts';
import { type Colors, commandsIn, indent, table } from './output.ts';

export interface ProgramOutput {
  readonly print: (text: string) => Promise<void>;
  readonly colors: Colors;
  /** How wide the terminal is. Default: no lines are broken. */
  readonly columns?: number;
}

/**
 * Parses the arguments and runs the command they name, by default the first one.
 *
 * @param context made once the options are known
 * @returns the exit code
 * @throws AuthError `USAGE`, and whatever the command throws
 */
export async function runProgram(
  argv: readonly string[],
  version: string,
  { print, colors, columns = Number.POSITIVE_INFINITY }: ProgramOutput,
  context: (options: CommonOptions, operands: readonly string[], command: Command) => Context,
): Promise<number> {
  let exitCode = 0;
  let help = '';
  const writeOut = (text: string) => {
    help += text;
  };
  const program = new Commander(PROGRAM)
    .usage('[command] [options]')
    .version(version, '--version')
    .helpCommand(false)
    .addHelpText('before', `${DESCRIPTION}\n`)
    .addHelpText('after', () => afterHelp(columns))
    .configureHelp({
      visibleOptions: () => [],
      subcommandTerm: (command) => command.name(),
      styleTitle: colors.bold,
      minWidthToWrap: 20,
    })
    .configureOutput({ writeOut, writeErr: () => {}, getOutHasColors: () => colors.isColorSupported })
    .enablePositionalOptions()
    .exitOverride();
  for (const { title, commands } of GROUPS) {
    program.commandsGroup(title);
    for (const spec of commands) {
      const command = program
        .command(spec.name)
        .summary(spec.summary)
        .usage(usageOf(spec))
        .addHelpText('before', `${spec.summary}.\n`)
        .addHelpText('after', () => afterCommandHelp(spec))
        .configureHelp(helpOf(spec, colors))
        .passThroughOptions(spec.passThrough ?? false)
        .action(async () => {
          exitCode = (await spec.run(command.opts<never>(), context(command.opts(), command.args, spec))) ?? 0;
        });
      for (const { name, description, choices } of spec.arguments ?? []) {
        const argument = new Argument(name, description);
        command.addArgument(choices === undefined ? argument : argument.choices([...choices]));
      }
      for (const option of [...spec.options, ...commonOf(spec)]) command.addOption(commanderOption(option));
    }
  }
  const words = completed(argv);
  try {
    await program.parseAsync([...words], { from: 'user' });
  } catch (thrown) {
    if (!(thrown instanceof CommanderError)) throw withHelp(thrown, words);
    if (thrown.exitCode !== 0) throw usageError(thrown, words);
  }
  if (help !== '') await print(commandsIn(help, colors, columns));
  return exitCode;
}

/** Options come before what is passed on to another command. */
function usageOf({ arguments: given = [], options, passThrough }: Command): string {
  const names = given.map(({ name }) => name);
  return (passThrough && options.length > 0 ? ['[options]', '--', ...names] : [...names, '[options]']).join(' ');
}

/** What is meant: without a command the first one, by `help` its help. Runners of scripts hand their own `--` through. */
function completed(argv: readonly string[]): readonly string[] {
  const words = argv[0] === '--' ? argv.slice(1) : argv;
  const [first = ''] = words;
  if (first === 'help') {
    const about = words.slice(1).find((word) => word !== 'help' && !word.startsWith('-'));
    if (about === undefined) return ['--help'];
    return COMMANDS.some(({ name }) => name === about) ? [about, '--help'] : [about];
  }
  if (['-h', '--help', '--version'].includes(first)) return [first];
  return first === '' || first.startsWith('-') ? [COMMANDS[0]?.name ?? '', ...words] : words;
}

function describe({ description, defaultText }: OptionSpec): string {
  return defaultText === undefined ? description : `${description} (default: ${defaultText})`;
}

function commanderOption(spec: OptionSpec): Option {
  const { flags, choices, collect, parse } = spec;
  const option = new Option(flags, describe(spec));
  if (choices !== undefined) option.choices([...choices]);
  if (collect) option.argParser((text: string, before: readonly string[] = []) => [...before, text]);
  if (parse !== undefined) {
    option.argParser((text) => {
      try {
        return parse(text);
      } catch (thrown) {
        throw thrown instanceof AuthError ? new InvalidArgumentError(thrown.message) : thrown;
      }
    });
  }
  return option;
}

/** Shows a command's own options only. All stay visible to commander, which suggests no others. */
function helpOf({ options }: Command, colors: Colors): HelpConfiguration & Partial<Help> {
  return {
    styleTitle: colors.bold,
    visibleArguments: ({ registeredArguments }) => [...registeredArguments],
    formatHelp: (command, helper) => {
      const own: Help = Object.create(helper);
      own.visibleOptions = (of) =>
        helper.visibleOptions(of).filter(({ flags }) => options.some((spec) => spec.flags === flags));
      return Help.prototype.formatHelp.call(own, command, own);
    },
  };
}

/** Commander's error. Values are not repeated: one may be a secret that does not belong there. */
function usageError({ message }: CommanderError, words: readonly string[]): AuthError {
  const [said = '', ...suggestions] = message.replace(/^error: /, '').split('\n');
  const shown = said
    .replace(/ argument '.*' is invalid/s, ' is invalid')
    .replace(/command-argument value '.*' is invalid/s, 'argument is invalid')
    .replace(
      /'([^']*)'/s,
      (_quoted, word: string) =>
        `"${word
          .replace(/=.*$/s, '')
          .replace(/^(-\w).+/s, '$1')
          .replace(/^(.{8}).{24,}/s, '$1…')}"`,
    );
  const suggestion = suggestions.join(' ').replace(/^\((.*)\)$/, '$1 ');
  return new AuthError('USAGE', `${shown.charAt(0).toUpperCase()}${shown.slice(1)}${/[.?]$/.test(shown) ? '' : '.'}`, {
    hint: `${suggestion}${seeHelp(words)}`,
  });
}

/** The same error, where its hint is the general one with the help of the command that failed. */
function withHelp(thrown: unknown, words: readonly string[]): unknown {
  return thrown instanceof AuthError && thrown.code === 'USAGE' && thrown.hint === new AuthError('USAGE', '').hint
    ? thrown.with({ hint: seeHelp(words) })
    : thrown;
}

function seeHelp([name = '']: readonly string[]): string {
  const known = COMMANDS.some((command) => command.name === name);
  return `See \`${[PROGRAM, ...(known ? [name] : []), '--help'].join(' ')}\`.`;
}

function afterHelp(columns: number): string {
  const tables = {
    'Options of most commands': COMMON_OPTIONS.map((option) => [option.flags, describe(option)]),
    'Exit codes': EXIT_CODES.map(({ code, meaning }) => [String(code), meaning]),
    Environment: ENVIRONMENT.map(({ name, meaning }) => [name, meaning]),
  };
  const sections = Object.entries(tables).map(([title, rows]) => `\n${title}\n${indent(table(rows, columns - 2))}`);
  return [...sections, '', `Run ${PROGRAM} <command> --help for its options.`, `Docs: ${DOCS}`].join('\n');
}

function afterCommandHelp(spec: Command): string {
  const common = commonOf(spec).map(({ flags }) => flags.split(' ')[0]);
  return [
    '',
    'Examples:',
    ...spec.examples.map(({ what, command }) => `  # ${what}\n  \`${command}\``),
    ...(common.length === 0 ? [] : ['', `Also: ${common.join(', ')} (see ${PROGRAM} --help)`]),
  ].join('\n');
}
