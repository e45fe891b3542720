import type { Command, Example, OptionSpec } from '../../src/cli/command.ts';
import { COMMANDS, ENVIRONMENT, EXIT_CODES } from '../../src/cli/commands/index.ts';
import { COMMON_OPTIONS, commonOf } from '../../src/cli/options.ts';
import { KINDS } from '../../src/errors.ts';

/** docs/commands.md, from the tables that the program itself is made from. Pure. */
export function commandsPage(): string {
  return `${[
    '<!-- Made by `npm run docs` from the command table. A test fails where it is not what the table gives. -->',
    '# Commands and exit codes',
    'Every command with its options, and what each exit code and error code means. `fitbit-login COMMAND --help` says the same in the terminal.',
    'Results go to stdout, messages to stderr: `token=$(fitbit-login token)` holds the token and nothing else, whatever the log level. A secret is never an argument.',
    table(['command', 'what it does'], COMMANDS.map(indexRow)),
    '## Options of most commands',
    optionTable(COMMON_OPTIONS),
    ...COMMANDS.flatMap(section),
    '## Exit codes',
    table(
      ['code', 'means'],
      EXIT_CODES.map(({ code, meaning }) => [String(code), meaning]),
    ),
    "`exec` exits with the exit code of the command that it ran, 128 plus the number of the signal that killed it, 127 if the command was not found, 126 if it can't be run.",
    '## Error codes',
    'Every error has one of these codes. With `--json` it is printed on stdout as `{"error": {"code", "message", "kept", "hint", "exit_code"}}`, `kept` only where something was at stake, and with what else is known: `status`, `path`, `reset_seconds`. The library throws it as an `AuthError` with the same fields. What to do next is the usual hint; a message says something more exact where more is known.',
    table(
      ['code', 'exit', 'what to do next'],
      Object.entries(KINDS).map(([code, { exit, hint }]) => [`\`${code}\``, String(exit), hint]),
    ),
    '## Environment',
    table(
      ['variable', 'does'],
      ENVIRONMENT.map(({ name, meaning }) => [`\`${name}\``, meaning]),
    ),
  ].join('\n\n')}\n`;
}

function indexRow({ name, summary }: Command): readonly string[] {
  return [`[\`${name}\`](#fitbit-login-${name})`, summary];
}

function section(command: Command): readonly string[] {
  const { name, summary, options, common, examples, arguments: operands = [] } = command;
  return [
    `## \`fitbit-login ${name}\``,
    sentence(summary),
    ...(operands.length === 0
      ? []
      : [
          table(
            ['argument', 'is'],
            operands.map((operand) => [`\`${operand.name}\``, operand.description]),
          ),
        ]),
    ...(options.length === 0 ? [] : [optionTable(options)]),
    ...(common === undefined ? [] : [alsoTakes(command)]),
    // Each is an example for itself: the test of the documentation makes the machine new for it.
    ['<!-- test: examples -->', '```sh', examples.map(example).join('\n\n'), '```'].join('\n'),
  ];
}

/** Which of the common options it takes, where not all. */
function alsoTakes(command: Command): string {
  const flags = commonOf(command).map(({ flags }) => `\`${flags.split(' ')[0]}\``);
  return flags.length === 0 ? 'It takes no other options.' : `Of the common options it takes ${flags.join(' and ')}.`;
}

function optionTable(options: readonly OptionSpec[]): string {
  return table(
    ['option', 'does', 'default'],
    options.map(({ flags, description, choices, defaultText = '' }) => [
      `\`${flags}\``,
      choices === undefined ? description : `${description}: ${choices.join(', ')}`,
      defaultText,
    ]),
  );
}

function example({ what, command }: Example): string {
  return `# ${what}\n${command}`;
}

function sentence(words: string): string {
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}.`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map(cell).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

/** A bar ends a cell, even within backticks; outside of them an address becomes a link, and a dollar sign can begin a formula. */
function cell(text: string): string {
  return text.replaceAll('|', '\\|').replace(/(?<![`\w])(\$[A-Z_]+|http:\/\/[^\s;`]+)/g, '`$1`');
}
