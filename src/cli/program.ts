import { Argument, Command as Commander, CommanderError, Option } from 'commander';
import { AuthError } from '../errors.ts';
import type { Command, Context, OptionSpec } from './command.ts';
import { table } from './print.ts';
import { COMMANDS, COMMON_OPTIONS, ENVIRONMENT, EXIT_CODES, PROGRAM } from './table.ts';
import { badValue, commandOf, unknownCommand, usageError } from './usage-error.ts';
import { wrap } from './wrap.ts';

/** Under every help: what a script wants to know. */
const afterHelp = () => `
Exit codes:
${table(EXIT_CODES.map(({ code, meaning }) => [`  ${code}`, meaning]))}

Environment:
${table(ENVIRONMENT.map(({ name, meaning }) => [`  ${name}`, meaning]))}`;

/** How wide the help is where there is no terminal. */
const HELP_COLUMNS = 80;

export interface ProgramOutput {
  readonly out: (text: string) => void;
  /** How wide its lines may be; infinity where it is no terminal. */
  readonly columns: number;
}

/**
 * Parses the arguments and runs the command they name.
 *
 * @param context made once the common options are known
 * @returns the exit code
 * @throws AuthError `USAGE` for arguments that cannot be, and whatever the command throws
 */
export async function runProgram(
  argv: readonly string[],
  version: string,
  output: ProgramOutput,
  context: (options: Readonly<Record<string, unknown>>, operands: readonly string[]) => Context,
): Promise<number> {
  let exitCode = 0;
  const program = new Commander(PROGRAM.name)
    .description(PROGRAM.summary)
    .version(version, '--version', 'print the version')
    .helpOption('-h, --help', 'show help')
    .helpCommand(true)
    .addHelpText('after', afterHelp)
    .showHelpAfterError(false)
    // Broken into lines here, where nothing that is copied is broken.
    .configureHelp({ helpWidth: Number.MAX_SAFE_INTEGER })
    .configureOutput({
      writeOut: (text) => output.out(wrap(text, Number.isFinite(output.columns) ? output.columns : HELP_COLUMNS)),
      writeErr: () => {},
    })
    .enablePositionalOptions()
    .exitOverride();
  // Runners of scripts hand their own `--` through.
  const given = argv[0] === '--' ? argv.slice(1) : argv;
  const words = given[0] === 'help' ? helpAsOption(given.slice(1)) : given;
  const asked = commandOf(words);
  if (words[0] !== undefined && asked === undefined) throw unknownCommand(words[0]);
  const mayShowHelp = words.some((word) => word === '--help' || word === '-h');
  for (const spec of COMMANDS) {
    const command = program
      .command(spec.name, { isDefault: spec.isDefault ?? false })
      .summary(spec.summary)
      .description(`${spec.summary.charAt(0).toUpperCase()}${spec.summary.slice(1)}.`)
      .addHelpText('after', () => examplesText(spec))
      .passThroughOptions(spec.passThrough ?? false)
      .action(async (...given: unknown[]) => {
        const options = command.opts();
        exitCode = await spec.run(options, context(options, operandsOf(given)));
      });
    // What else there is nobody looks at, but in the list of all commands.
    if (spec !== asked && !mayShowHelp) continue;
    for (const { name, description, choices } of spec.arguments ?? []) {
      const argument = new Argument(name, description);
      if (choices !== undefined) argument.choices([...choices]);
      command.addArgument(argument);
    }
    for (const option of [...spec.options, ...COMMON_OPTIONS]) command.addOption(commanderOption(option, spec));
  }
  try {
    await program.parseAsync([...words], { from: 'user' });
  } catch (thrown) {
    if (!(thrown instanceof CommanderError)) throw thrown;
    if (thrown.exitCode !== 0) throw usageError(thrown, words);
  }
  return exitCode;
}

/** `help token` as `token --help`; help about help, or about an option, is that of the program. */
function helpAsOption(about: readonly string[]): readonly string[] {
  return [...about.filter((word) => word !== 'help' && !word.startsWith('-')).slice(0, 1), '--help'];
}

/** Commander hands over an argument each, a list for the last of several, then the options and itself. */
function operandsOf(given: readonly unknown[]): readonly string[] {
  return given
    .slice(0, -2)
    .flat()
    .filter((operand) => typeof operand === 'string');
}

function commanderOption(spec: OptionSpec, command: Command): Option {
  const option = new Option(
    spec.flags,
    spec.defaultText === undefined ? spec.description : `${spec.description} (default: ${spec.defaultText})`,
  );
  if (spec.choices !== undefined) option.choices([...spec.choices]);
  if (spec.collect) option.argParser((text: string, before: readonly string[] = []) => [...before, text]);
  const { parse } = spec;
  if (parse !== undefined) {
    option.argParser((text) => {
      try {
        return parse(text);
      } catch (thrown) {
        throw thrown instanceof AuthError ? badValue(option.long ?? option.flags, command, thrown) : thrown;
      }
    });
  }
  return option;
}

function examplesText({ examples }: Command): string {
  return `\nExamples:\n${examples.map(({ what, command }) => `${what === '' ? '' : `  # ${what}\n`}  ${command}`).join('\n')}`;
}
