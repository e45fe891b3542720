import { logout } from '../../auth/index.ts';
import { confirmationNeeded } from '../../messages.ts';
import { command } from '../command.ts';
import { mark } from '../output.ts';

export const logoutCommand = command({
  name: 'logout',
  summary: 'Revoke and delete a sign-in',
  options: [
    { flags: '--local', description: "only delete, don't revoke; tokens stay valid until they expire" },
    { flags: '--yes', description: "don't ask before a revocation that ends more than this app (Google)" },
  ],
  examples: [
    { what: 'Sign out', command: 'fitbit-login logout' },
    { what: 'If the provider is unreachable', command: 'fitbit-login logout --local' },
  ],
  run: async ({ profile, local, yes }, { runtimeOptions, signal, print, warn, colors, terminal }) => {
    const confirmRevocation = (ends: string) => {
      if (yes) return true;
      if (terminal.canAsk) return terminal.confirm(`${ends} Revoke?`);
      throw confirmationNeeded(ends);
    };
    const { name, revoked, keptFiles } = await logout({ profile, local, confirmRevocation, signal }, runtimeOptions);
    const text = `${mark('good', colors.out)} Signed out: profile "${name}" was ${revoked ? 'revoked and deleted' : 'deleted from this machine, not revoked'}.`;
    await print(text, { profile: name, revoked, kept_files: keptFiles });
    for (const file of keptFiles) warn(`${file} still holds the last tokens. Delete it if you don't need it.`);
  },
});
