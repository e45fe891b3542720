import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Secret } from '../../src/secret.ts';
import { encodeProfile } from '../../src/store/profile-file.ts';
import { inLanes } from '../torture/lanes.ts';

/** The access token of every profile here. */
export const ACCESS_TOKEN = 'marked-access-token-of-the-benchmark';

const LIFETIME_MS = 8 * 3_600_000;
const LANES = 16;

/** A home directory with so many profiles, all signed in and fresh for hours; they are called `p00000` and so on. */
export async function makeHome(directory: string, profiles: number): Promise<string> {
  const home = await mkdtemp(join(directory, 'home-'));
  const place = join(home, 'profiles');
  await mkdir(place, { mode: 0o700 });
  const obtainedAt = new Date();
  const lanes = Array.from({ length: LANES }, (_, lane) => lane);
  await inLanes(lanes, Array.from({ length: profiles }).keys(), async (index) => {
    const profile = encodeProfile({
      provider: 'fitbit',
      client: { id: '23ABCD', secret: new Secret('marked-client-secret') },
      redirectUris: ['http://127.0.0.1:8976/callback'],
      requestedScopes: ['activity', 'heartrate', 'sleep'],
      tokens: {
        accessToken: new Secret(ACCESS_TOKEN),
        refreshToken: new Secret('marked-refresh-token-of-the-benchmark'),
        tokenType: 'Bearer',
        scopes: ['activity', 'heartrate', 'sleep'],
        userId: `B${String(index).padStart(5, '0')}`,
        obtainedAt,
        expiresAt: new Date(obtainedAt.getTime() + LIFETIME_MS),
      },
    });
    await writeFile(join(place, `${profileOf(index)}.json`), profile, { mode: 0o600 });
  });
  return home;
}

/** The name of a profile of {@link makeHome}. */
export function profileOf(index: number): string {
  return `p${String(index).padStart(5, '0')}`;
}
