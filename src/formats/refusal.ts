import { AuthError } from '../errors.ts';

/**
 * Why a file's content cannot be read or replaced.
 * @param what Goes on after "The file cannot be used: ". Must hold nothing of the file but names that this program knows.
 * @param hint What to do, where there is more to do than to give another file.
 */
export function refusal(
  what: string,
  hint = 'Give another file; `fitbit-login import --help` lists the formats.',
): AuthError {
  // Never with a cause: a parser's own error quotes the text, which holds tokens.
  return new AuthError('USAGE', `The file cannot be used: ${what}.`, { preserved: 'Nothing was changed.', hint });
}
