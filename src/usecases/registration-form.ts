import { defined } from '../defined.ts';
import { AuthError } from '../errors.ts';
import { type FoundClient, readClientFile } from '../formats/read.ts';
import { problemOf, tidy } from '../formats/values.ts';
import { Secret } from '../secret.ts';

/** What a person typed on the setup page, or was asked in the terminal. */
export interface RegistrationForm {
  readonly clientId: string;
  /** Empty for an app without one, and where a stored one goes on. */
  readonly clientSecret: string;
  /** The text of a downloaded or copied file, in place of both. */
  readonly clientFile: string;
  /** The ticked scopes, which depend on the provider and so on the client id. */
  readonly scopesFor: (clientId: string | undefined) => readonly string[];
}

export interface FormError {
  readonly field: 'clientId' | 'clientSecret' | 'clientFile' | 'scopes';
  /** What is wrong and what to do; never a value that was typed. */
  readonly text: string;
}

/** An app registration as the form gave it. */
export interface FormRegistration {
  readonly clientId: string;
  readonly clientSecret?: string | Secret;
  readonly scopes: readonly string[];
}

/** Judges a filled-in form: every error at once, or the registration that it gives. */
export function judgeForm(
  form: RegistrationForm,
): { readonly errors: readonly FormError[] } | { readonly registration: FormRegistration } {
  const errors: FormError[] = [];
  const file = fileOf(form.clientFile, errors);
  const id = tidy(form.clientId) || file?.id;
  const typed = tidy(form.clientSecret);
  const secret = typed === '' ? file?.secret : new Secret(typed);
  if (errors.length === 0 && id === undefined)
    errors.push({ field: 'clientId', text: 'Type the client id, or paste the file that holds it.' });
  if (id !== undefined && problemOf('client ID', id) !== undefined) {
    errors.push({
      field: 'clientId',
      text: 'A client id has no blanks and no letters beyond A to Z. Copy it again from the registration.',
    });
  }
  if (typed !== '' && problemOf('client secret', typed) !== undefined) {
    errors.push({
      field: 'clientSecret',
      text: 'A client secret has no blanks in it. Copy it again from the registration.',
    });
  }
  const scopes = form.scopesFor(id);
  if (scopes.length === 0)
    errors.push({ field: 'scopes', text: 'Tick at least one: without any there is nothing to read.' });
  if (errors.length > 0 || id === undefined) return { errors };
  return {
    registration: { clientId: id, scopes, ...defined({ clientSecret: secret }) },
  };
}

function fileOf(content: string, errors: FormError[]): FoundClient | undefined {
  if (content.trim() === '') return undefined;
  try {
    return readClientFile(content);
  } catch (thrown) {
    if (!(thrown instanceof AuthError)) throw thrown;
    errors.push({ field: 'clientFile', text: thrown.message });
    return undefined;
  }
}
