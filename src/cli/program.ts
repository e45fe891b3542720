import { Command as Commander, CommanderError, Option } from 'commander';
import { AuthError } from '../errors.ts';
import type { Command, Context, OptionSpec } from './command.ts';
import { apiCommand } from './commands/api.ts';
import { execCommand } from './commands/exec.ts';
import { exportCommand } from './commands/export.ts';
import { importCommand } from './commands/import.ts';
import { loginCommand } from './commands/login.ts';
import { logoutCommand } from './commands/logout.ts';
import { migrateCommand } from './commands/migrate.ts';
import { profilesCommand } from './commands/profiles.ts';
import { refreshCommand } from './commands/refresh.ts';
import { sandboxCommand } from './commands/sandbox.ts';
import { scopesCommand } from './commands/scopes.ts';
import { setupCommand } from './commands/setup.ts';
import { statusCommand } from './commands/status.ts';
import { tokenCommand } from './commands/token.ts';
import { COMMON_OPTIONS } from './options.ts';

/** The command table: the help, the parser and the documents are made from it. */
const COMMANDS: readonly Command[] = [
  loginCommand,
  setupCommand,
  statusCommand,
  tokenCommand,
  refreshCommand,
  execCommand,
  apiCommand,
  logoutCommand,
  importCommand,
  exportCommand,
  profilesCommand,
  migrateCommand,
  scopesCommand,
  sandboxCommand,
];

const AFTER_HELP = `
Exit codes: 0 done, 1 unexpected, 2 usage or configuration, 3 a sign-in is needed, 4 the sign-in did not finish,
5 the provider or the network is unavailable, 6 a local problem (port, file, disk, lock), 130 interrupted.

Environment: FITBIT_CLIENT_ID, FITBIT_CLIENT_SECRET, FITBIT_LOGIN_PROFILE, FITBIT_LOGIN_HOME (replaces the config
directory), BROWSER (a command that is given the address).`;

export interface ProgramOutput {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
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
  const program = new Commander('fitbit-login')
    .description('Signs you in to your Fitbit data in the browser; from then on your scripts get a token that works.')
    .version(version, '--version', 'print the version')
    .helpOption('-h, --help', 'show help')
    .helpCommand(true)
    .addHelpText('after', AFTER_HELP)
    .showHelpAfterError(false)
    .configureOutput({ writeOut: output.out, writeErr: () => {} })
    .enablePositionalOptions()
    .exitOverride();
  for (const spec of COMMANDS) {
    const command = program
      .command(spec.name, { isDefault: spec.isDefault ?? false })
      .summary(spec.summary)
      .description(`${spec.summary.charAt(0).toUpperCase()}${spec.summary.slice(1)}.`)
      .addHelpText('after', examplesText(spec))
      .passThroughOptions(spec.passThrough ?? false)
      .action(async (...given: unknown[]) => {
        const options = command.opts();
        exitCode = await spec.run(options, context(options, operandsOf(given)));
      });
    for (const { name, description } of spec.arguments ?? []) command.argument(name, description);
    for (const option of [...spec.options, ...COMMON_OPTIONS]) command.addOption(commanderOption(option));
  }
  const [first] = argv;
  if (
    first !== undefined &&
    !first.startsWith('-') &&
    first !== 'help' &&
    !COMMANDS.some(({ name }) => name === first)
  ) {
    throw new AuthError('USAGE', `There is no command “${first}”.`, {
      hint: `Commands: ${COMMANDS.map(({ name }) => name).join(', ')}. See \`fitbit-login --help\`.`,
    });
  }
  try {
    await program.parseAsync([...argv], { from: 'user' });
  } catch (thrown) {
    if (!(thrown instanceof CommanderError)) throw thrown;
    if (thrown.exitCode !== 0) throw new AuthError('USAGE', thrown.message.replace(/^error: /, ''));
  }
  return exitCode;
}

/** Commander hands over an argument each, a list for the last of several, then the options and itself. */
function operandsOf(given: readonly unknown[]): readonly string[] {
  return given
    .slice(0, -2)
    .flat()
    .filter((operand) => typeof operand === 'string');
}

function commanderOption(spec: OptionSpec): Option {
  const option = new Option(
    spec.flags,
    spec.defaultText === undefined ? spec.description : `${spec.description} (default: ${spec.defaultText})`,
  );
  if (spec.choices !== undefined) option.choices([...spec.choices]);
  if (spec.collect) option.argParser((text: string, before: readonly string[] = []) => [...before, text]);
  if (spec.parse !== undefined) option.argParser(spec.parse);
  return option;
}

function examplesText({ examples }: Command): string {
  return `\nExamples:\n${examples.map(({ what, command }) => `${what === '' ? '' : `  # ${what}\n`}  ${command}`).join('\n')}`;
}
