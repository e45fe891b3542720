import { newAuthorization, validateCallback } from '../oauth/authorization.ts';
import type { ProfileStore } from '../store/store.ts';
import type { Ports } from './ports.ts';
import { redeem, type SignInRequest } from './redeem.ts';
import { signedInView } from './report.ts';

const ANSWER = {
  access_token: 'rehearsal',
  refresh_token: 'rehearsal',
  token_type: 'Bearer',
  expires_in: 3600,
  user_id: 'rehearsal',
};

/**
 * Goes through the end of a sign-in once with an answer that is made up; nothing is sent, stored or logged. The first time takes
 * several times as long as the second, because Node compiles a function when it is first called: better while the person is in the
 * browser than while they wait for the page.
 * @returns whether it came to its end. Never rejects.
 */
export async function rehearse(request: SignInRequest, redirectUri: string, ports: Ports): Promise<boolean> {
  try {
    const { server } = request.provider;
    const attempt = newAuthorization();
    const made = new URLSearchParams({ code: 'rehearsal', state: attempt.state.reveal(), iss: server.issuer });
    const judgement = validateCallback(server, request.client, attempt, made);
    if (judgement.kind !== 'granted') return false;
    const code = { parameters: judgement.parameters, redirectUri, verifier: attempt.verifier };
    signedInView(await redeem(request, code, withoutEffects(ports)), ports.now());
    return true;
  } catch {
    return false;
  }
}

function withoutEffects({ now, store }: Ports): Ports {
  const nothing = () => {};
  const update: ProfileStore['update'] = (_name, change) =>
    change({ current: undefined, note: async () => {}, save: async () => {} });
  return {
    now,
    store: { ...store, update },
    fetch: async () => Response.json(ANSWER),
    log: { info: nothing, warn: nothing },
    files: { read: async () => undefined, write: async () => {} },
    notice: nothing,
  };
}
