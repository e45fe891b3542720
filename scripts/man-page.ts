import type { ArgumentSpec, Command, OptionSpec } from '../src/cli/command.ts';
import { COMMANDS, COMMON_OPTIONS, ENVIRONMENT, EXIT_CODES, FILES, PROGRAM } from '../src/cli/table.ts';
import { bold, filled, italic, prose, request, tagged, text, verbatim } from './roff.ts';

/** The manual as man(7) has it: every command, option and example of the table. */
export function manPage(version: string, date: string): string {
  const { name, summary } = PROGRAM;
  const short = `${summary.charAt(0).toLowerCase()}${summary.slice(1).replace(/\.$/, '')}`;
  const lines = [
    // The date stands as it is: mandoc reads it.
    `${request('TH', name.toUpperCase(), '1')} ${date} ${request('', `${name} ${version}`, 'User Commands').slice(2)}`,
    // Names are not to be hyphenated, and their columns not to be spread.
    '.nh',
    '.ad l',
    request('SH', 'NAME'),
    ...filled(`${text(name)} \\- ${text(short)}`),
    request('SH', 'SYNOPSIS'),
    `${bold(name)} [${italic('command')}] [${italic('option')} ...]`,
    ...section('DESCRIPTION', [
      ...filled(prose(`${summary} The answer of a command is on standard output, everything else on standard error.`)),
      '.PP',
      ...filled(
        prose(
          'A secret is never an argument: it comes from the setup page, a file, standard input or the environment.',
        ),
      ),
    ]),
    request('SH', 'COMMANDS'),
    ...COMMANDS.flatMap(commandLines),
    ...section('COMMON OPTIONS', ['Every command takes these.', ...COMMON_OPTIONS.flatMap(optionLines)]),
    ...section(
      'EXIT STATUS',
      EXIT_CODES.flatMap(({ code, meaning }) => tagged(bold(String(code)), text(meaning))),
    ),
    ...section(
      'ENVIRONMENT',
      ENVIRONMENT.flatMap((variable) => tagged(bold(variable.name), text(variable.meaning))),
    ),
    ...section(
      'FILES',
      FILES.flatMap(({ path, meaning }) => tagged(italic(path), text(meaning))),
    ),
  ];
  return `${lines.join('\n')}\n`;
}

function section(title: string, lines: readonly string[]): readonly string[] {
  return [request('SH', title), ...lines];
}

function commandLines({ name, summary, arguments: operands = [], options, examples }: Command): readonly string[] {
  return [
    request('SS', `${PROGRAM.name} ${[name, '[options]', ...operands.map((operand) => operand.name)].join(' ')}`),
    ...filled(prose(sentence(summary))),
    ...operands.flatMap(argumentLines),
    ...options.flatMap(optionLines),
    ...examples.flatMap(({ what, command }) => [
      ...(what === '' ? [] : ['.PP', ...filled(prose(/[.?!]$/.test(what) ? what : `${what}:`))]),
      ...verbatim(continued(command).map(bold)),
    ]),
  ];
}

/** A command in lines that fit beside the margin, each continued in the next as a shell has it. */
function continued(command: string): readonly string[] {
  if (command.length <= EXAMPLE_WIDTH) return [command];
  const lines: string[] = [];
  // Only between words: a blank within quotes is part of one.
  for (const word of command.match(/(?:"[^"]*"|'[^']*'|[^\s"'])+/g) ?? []) {
    const last = lines.at(-1);
    const fits = last !== undefined && `${last} ${word} \\`.length <= EXAMPLE_WIDTH;
    if (fits) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(last === undefined ? word : `  ${word}`);
  }
  return lines.map((part, index) => (index < lines.length - 1 ? `${part} \\` : part));
}

/** 80 columns without the margins of the manual and of the example. */
const EXAMPLE_WIDTH = 69;

function argumentLines({ name, description, choices }: ArgumentSpec): readonly string[] {
  return tagged(italic(name), prose(description + notes(choices)));
}

function optionLines({ flags, description, defaultText, choices }: OptionSpec): readonly string[] {
  // `-X, --method <method>`: the names as they are typed, the value as what is replaced.
  const tag = flags
    .split(/(<[^>]*>|\[[^\]]*\]|,? )/)
    .map((part) => (part.startsWith('-') ? bold(part) : /^[<[]/.test(part) ? italic(part) : text(part)))
    .join('');
  return tagged(tag, prose(description + notes(choices, defaultText)));
}

/** What the help says of an option in parentheses. */
function notes(choices: readonly string[] | undefined, defaultText?: string): string {
  const said = [
    ...(choices === undefined ? [] : [`one of: ${choices.join(', ')}`]),
    ...(defaultText === undefined ? [] : [`default: ${defaultText}`]),
  ];
  return said.length === 0 ? '' : ` (${said.join('; ')})`;
}

/** A phrase of the table as a sentence. */
function sentence(phrase: string): string {
  return `${phrase.charAt(0).toUpperCase()}${phrase.slice(1)}${/[.?!]$/.test(phrase) ? '' : '.'}`;
}
