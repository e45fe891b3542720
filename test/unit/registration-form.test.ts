import { describe, expect, test } from 'vitest';
import { Secret } from '../../src/secret.ts';
import { judgeForm, type RegistrationForm } from '../../src/usecases/registration-form.ts';

const FORM: RegistrationForm = {
  clientId: '23ABCD',
  clientSecret: 'marked-secret',
  clientFile: '',
  scopesFor: () => ['sleep'],
};
const FILE = JSON.stringify({ client_id: '23FILE', client_secret: 'marked-file-secret' });

function registration(form: Partial<RegistrationForm>) {
  const judged = judgeForm({ ...FORM, ...form });
  if ('errors' in judged) throw new Error(JSON.stringify(judged.errors));
  const { clientId, clientSecret, scopes } = judged.registration;
  return { clientId, scopes, secret: clientSecret instanceof Secret ? clientSecret.reveal() : clientSecret };
}

describe('a filled-in form', () => {
  test.each<[string, Partial<RegistrationForm>, string, string | undefined]>([
    ['id and secret', {}, '23ABCD', 'marked-secret'],
    ['blanks around both', { clientId: ' 23ABCD\n', clientSecret: '\tmarked-secret ' }, '23ABCD', 'marked-secret'],
    ['an app without a secret', { clientSecret: '' }, '23ABCD', undefined],
    ['a file alone', { clientId: '', clientSecret: '', clientFile: FILE }, '23FILE', 'marked-file-secret'],
    ['a typed id before the file’s', { clientSecret: '', clientFile: FILE }, '23ABCD', 'marked-file-secret'],
    ['a typed secret before the file’s', { clientId: '', clientFile: FILE }, '23FILE', 'marked-secret'],
    ['a file that holds the secret alone', { clientSecret: '', clientFile: 'marked-raw' }, '23ABCD', 'marked-raw'],
  ])('%s', (_what, form, clientId, secret) => {
    expect(registration(form)).toEqual({ clientId, secret, scopes: ['sleep'] });
  });

  test('the scopes are those of the id that counts, be it from the file', () => {
    const scopesFor = (id: string | undefined) => [`of ${id}`];
    expect(registration({ clientId: '', clientFile: FILE, scopesFor }).scopes).toEqual(['of 23FILE']);
  });

  test.each<[string, Partial<RegistrationForm>, readonly string[]]>([
    ['nothing at all', { clientId: '', clientSecret: '' }, ['clientId']],
    ['an id with a blank', { clientId: '23 ABCD' }, ['clientId']],
    ['an id with a letter that ASCII has not', { clientId: '23ÀBCD' }, ['clientId']],
    ['an id without end', { clientId: 'A'.repeat(256) }, ['clientId']],
    ['a secret with a blank', { clientSecret: 'marked secret' }, ['clientSecret']],
    ['a damaged file', { clientId: '', clientFile: '{"client_id": "marked' }, ['clientFile']],
    ['no scope', { scopesFor: () => [] }, ['scopes']],
    [
      'everything at once',
      { clientId: '2 3', clientSecret: 'marked secret', clientFile: '{marked', scopesFor: () => [] },
      ['clientFile', 'clientId', 'clientSecret', 'scopes'],
    ],
  ])('%s: every error, and none repeats what was typed', (_what, form, fields) => {
    const judged = judgeForm({ ...FORM, ...form });
    const errors = 'errors' in judged ? judged.errors : [];
    expect(errors.map(({ field }) => field)).toEqual(fields);
    expect(JSON.stringify(errors)).not.toContain('marked');
  });
});
