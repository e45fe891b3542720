import { platform } from 'node:os';
import { AuthError } from '../errors.ts';
import type { Sandbox, SandboxOptions } from '../sandbox/sandbox.ts';
import { parseRedirectUri } from '../server/redirect-uri.ts';

/** Starts a sandbox; where its port is taken, the error names who holds it, which the sandbox has no means to find out. */
export async function sandboxAtPort(options: SandboxOptions = {}): Promise<Sandbox> {
  const { startSandbox } = await import('../sandbox/sandbox.ts');
  return startSandbox(options).catch(async (thrown: unknown) => {
    const busy = thrown instanceof AuthError && thrown.code === 'PORT_BUSY' && options.port !== undefined;
    throw busy ? await namingHolder(thrown, options.port) : thrown;
  });
}

async function namingHolder(error: AuthError, port: number): Promise<AuthError> {
  const [{ blockedAmong, stacksOf }, { holderDetails, holding }, { killing }] = await Promise.all([
    import('../server/port/stack.ts'),
    import('../server/port/words.ts'),
    import('../server/port/ways-out.ts'),
  ]);
  const address = parseRedirectUri(`http://127.0.0.1:${port}/`);
  const [blocked] = blockedAmong(address, await stacksOf(address));
  if (blocked === undefined) return error;
  const kill = killing([blocked], platform());
  return new AuthError('PORT_BUSY', `${holding([blocked], undefined)}.`, {
    cause: error.cause,
    details: holderDetails(blocked),
    hint: `End that program${kill === undefined ? '' : `: ${kill}`}; or take any free port: \`fitbit-login sandbox --port 0\`.`,
  });
}
