import pc from 'picocolors';
import { runProgram } from '../../src/cli/program.ts';

/** What the parser made of the arguments. */
export interface Parsed {
  readonly options: Readonly<Record<string, unknown>>;
  readonly operands: readonly string[];
}

class Reached extends Error {
  readonly parsed: Parsed;
  constructor(parsed: Parsed) {
    super('The arguments are taken.');
    this.parsed = parsed;
  }
}

const SILENT = { print: async () => {}, colors: pc.createColors(false) };

/** What the parser makes of these arguments, up to where the command would run. @throws AuthError `USAGE` */
export async function parsed(argv: readonly string[]): Promise<Parsed> {
  const ended = runProgram(argv, '0', SILENT, (options, operands) => {
    throw new Reached({ options, operands });
  });
  return ended.then(
    () => Promise.reject(new Error('It ended without running a command.')),
    (thrown) => {
      if (thrown instanceof Reached) return thrown.parsed;
      throw thrown;
    },
  );
}
