import { addAbortListener } from 'node:events';
import { notifyOwner, removeLeftTokenFiles } from '../auth/index.ts';
import { AuthError, asAuthError } from '../errors.ts';
import type { CommonOptions } from './command.ts';
import { columnsOf, contextOf, type ProcessParts } from './context.ts';
import { commonOf } from './options.ts';
import { colorsFor, errorText, toJson } from './output.ts';
import { messagesOn } from './stderr.ts';
import { print } from './stdout.ts';

// What a signal ends a command with. For bin.ts, which shares no part with messages.ts otherwise.
export { interrupted } from '../messages.ts';

/** Runs the command line. Never throws. @returns the exit code */
export async function main(parts: ProcessParts): Promise<number> {
  const { argv, stdout, stderr, runtimeOptions } = parts;
  const environment = runtimeOptions.environment ?? {};
  const colors = colorsFor(stderr, environment);
  const messages = messagesOn(stderr, environment, colors);
  let options: CommonOptions = unparsed(argv);
  let afterwards = async () => {};
  let timer: NodeJS.Timeout | undefined;
  // A request that was sent is waited for: its response may come once only, with a code's tokens or the next refresh token.
  using _ = addAbortListener(parts.signal, () => {
    timer = setTimeout(() => messages.say('Finishing up so nothing is lost. Press Ctrl-C again to quit now.'), SOON_MS);
  });
  try {
    const { runProgram } = await import('./program.ts');
    return await runProgram(
      argv,
      parts.version,
      { print: (text) => print(stdout, text), colors: colorsFor(stdout, environment), columns: columnsOf(stdout) },
      (parsed, operands, command) => {
        options = parsed;
        const context = contextOf(parts, messages, options, operands);
        const { all = false, profile } = parsed;
        const takesProfile = commonOf(command).some(({ flags }) => flags.startsWith('--profile'));
        // `doctor` changes nothing.
        if (takesProfile && command.name !== 'doctor')
          afterwards = async () => {
            if (environment.FITBIT_LOGIN_NOTIFY) await notifyOwner({ profile, all }, context.runtimeOptions);
            await removeLeftTokenFiles(runtimeOptions);
          };
        return context;
      },
    );
  } catch (thrown) {
    const error = asAuthError(thrown);
    if (error.code === 'INTERRUPTED') messages.clear(true);
    const printed =
      options.json === true &&
      error.code !== 'OUTPUT_FAILED' &&
      (await print(stdout, `${toJson(error.report())}\n`).then(
        () => true,
        () => false,
      ));
    if (!printed) messages.say(errorText(error, colors));
    if (options.logLevel === 'debug' || options.logLevel === 'trace') messages.say(stackOf(error));
    return error.exitCode;
  } finally {
    clearTimeout(timer);
    // After the command's own output, which comes first.
    if (!parts.signal.aborted) await afterwards();
  }
}

/** How long the end may take after a signal before the reason is shown. */
const SOON_MS = 300;

/** How to report an error in arguments that could not be parsed: as they ask for, as far as can be seen. */
function unparsed(argv: readonly string[]): CommonOptions {
  const logLevel = argv.find((_argument, index) => argv[index - 1] === '--log-level');
  return { json: argv.includes('--json'), logLevel };
}

/** Where an error came from. The messages of foreign errors are left out: they may quote a secret. */
function stackOf(error: Error): string {
  const frames = (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
  const what = error instanceof AuthError ? `${error.name} ${error.code}` : error.name;
  const cause = error.cause instanceof Error ? [`Caused by: ${stackOf(error.cause)}`] : [];
  return [what, ...frames, ...cause].join('\n');
}
