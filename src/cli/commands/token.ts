import { accessToken, endWarning } from '../../auth/index.ts';
import { command } from '../command.ts';
import { TOKEN_OPTIONS } from '../options.ts';
import { tokenJson } from '../report.ts';

export const tokenCommand = command({
  name: 'token',
  summary: 'Print a working access token',
  options: TOKEN_OPTIONS,
  examples: [
    {
      what: 'In a shell',
      command:
        'curl -H "Authorization: Bearer $(fitbit-login token)" https://health.googleapis.com/v4/users/me/identity',
    },
    { what: 'For a long-running job', command: 'fitbit-login token --min-ttl 3600' },
  ],
  run: async ({ profile, minTtl: minTtlSeconds }, { print, warn, now, runtimeOptions, signal }) => {
    const found = await accessToken({ profile, minTtlSeconds, signal }, runtimeOptions);
    await print(found.token.reveal(), tokenJson(found));
    const warning = endWarning(found, now());
    if (warning !== undefined) warn(warning);
  },
});
