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
  const { explainPort } = await import('../server/port-in-use.ts');
  const problem = await explainPort(parseRedirectUri(`http://127.0.0.1:${port}/`));
  if (problem === undefined) return error;
  return new AuthError('PORT_BUSY', problem.message, {
    cause: error.cause,
    details: problem.details,
    hint: 'Stop it, or take any free port: `fitbit-login sandbox --port 0`.',
  });
}
