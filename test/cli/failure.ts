import { expect } from 'vitest';
import { type Ended, OLD_TOKEN } from './program.ts';

/** Every command that prints. The first goes the quick path. */
export const PRINTING = [
  'token',
  'token --json',
  'status',
  'status --json',
  'status --all',
  'status --all --metrics',
  'status --check',
  'refresh',
  'refresh --all',
  'export --format notebook',
  'export --format fitbit-login',
  'api /1/user/-/profile.json',
  'api --include /1/user/-/profile.json',
  'profiles',
  'profiles rename renamed again',
  'scopes',
  'login --begin --profile begun',
  'doctor --redirect-uri http://127.0.0.1:0/callback',
  'completion bash',
  'logout --local --profile left',
  'sandbox --port 0',
  '--help',
  'status --help',
  '--version',
] as const;

/** How the program is to end. */
export interface Failure {
  readonly exit: number;
  readonly code: string;
  /** Part of what to do next. */
  readonly hint: string;
}

/** What must hold for every failure, in text and as JSON. */
export function expectFailure({ exit, stdout, stderr }: Ended, expected: Failure, json: boolean): void {
  expect(exit).toBe(expected.exit);
  expect(stderr).not.toMatch(/^\s+at .+:\d+/m);
  expect(stderr + stdout).not.toContain(OLD_TOKEN);
  if (json) {
    const { error } = JSON.parse(stdout);
    expect(error).toMatchObject({ code: expected.code, exit_code: expected.exit, message: expect.any(String) });
    expect(error.hint).toContain(expected.hint);
    return;
  }
  expect(stdout).toBe('');
  expect(stderr).toContain(expected.hint);
  expect(stderr).toMatch(/^✗ \S/m);
}
