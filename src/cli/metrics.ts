import type { ListedProfile, Status } from '../auth/index.ts';
import { printable } from '../secret.ts';
import { needsPerson } from './report.ts';

/** Each metric: its name after `fitbit_login_`, what it means, and its value for a profile. */
const METRICS: readonly (readonly [name: string, help: string, value: (status: Status) => number | undefined])[] = [
  [
    'signed_in',
    'Whether the stored sign-in works, as far as is known here.',
    (status) => (needsPerson(status) ? 0 : 1),
  ],
  [
    'token_expiry_timestamp_seconds',
    'When the access token expires; it renews itself.',
    ({ expiresAt }) => seconds(expiresAt),
  ],
  [
    'grant_expiry_timestamp_seconds',
    'When the sign-in itself expires, if the provider said so.',
    ({ refreshExpiresAt }) => seconds(refreshExpiresAt),
  ],
  [
    'last_refresh_timestamp_seconds',
    'When the access token was obtained: at the sign-in or by the last refresh.',
    ({ obtainedAt }) => seconds(obtainedAt),
  ],
  ['missing_scopes', 'How many requested scopes are not granted.', ({ missingScopes }) => missingScopes.length],
];

/** Prometheus' text format. @param accounts whether the labels name the account */
export function metricsText(profiles: readonly ListedProfile[], now: Date, accounts = false): string {
  const lines = METRICS.flatMap(([name, help, value]) => {
    const samples = profiles.flatMap((entry) => {
      const status = 'status' in entry ? entry.status : undefined;
      // A profile that cannot be read has no sign-in that works, and no other value.
      const found = status === undefined ? (name === 'signed_in' ? 0 : undefined) : value(status);
      if (found === undefined) return [];
      const account = accounts && status?.userId !== undefined ? { account: status.userId } : {};
      const labels = { profile: entry.profile, provider: status?.provider ?? 'unknown', ...account };
      const text = Object.entries(labels).map(([label, text]) => `${label}="${escaped(text)}"`);
      return [`fitbit_login_${name}{${text.join(',')}} ${found}`];
    });
    return gauge(name, help, samples);
  });
  const checked = [`fitbit_login_checked_timestamp_seconds ${seconds(now)}`];
  lines.push(...gauge('checked_timestamp_seconds', 'When these metrics were written.', checked));
  return `${lines.join('\n')}\n`;
}

function gauge(name: string, help: string, samples: readonly string[]): readonly string[] {
  return [`# HELP fitbit_login_${name} ${help}`, `# TYPE fitbit_login_${name} gauge`, ...samples];
}

function seconds(date: Date | undefined): number | undefined {
  return date && date.getTime() / 1000;
}

function escaped(text: string): string {
  return printable(text).replace(/[\\"]/g, '\\$&');
}
