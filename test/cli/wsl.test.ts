import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { consent } from '../../src/sandbox/consent.ts';
import { APP, type ProgramFixture, programFixture } from './program.ts';

/**
 * A machine that looks like the Windows Subsystem for Linux to who looks: another kernel, Windows's drive, and none of the files by
 * which a container would be known. Everything else is this machine's.
 */
const LIKE_WSL = `
set -e
place=$1; shift
# In memory and in this namespace only.
mount -t tmpfs tmpfs "$place/tree"
for entry in /*; do
  if [ -L "$entry" ]; then cp -P "$entry" "$place/tree$entry"
  elif [ -d "$entry" ]; then
    mkdir "$place/tree$entry"
    case "$entry" in /mnt|/run) ;; *) mount --rbind "$entry" "$place/tree$entry" ;; esac
  fi
done
mount --bind "$place/version" "$place/tree/proc/version"
mount --bind "$place/mnt" "$place/tree/mnt"
exec chroot "$place/tree" "$@"
`;

/** Loud, as PowerShell is; writes down what it was asked, as text. Its own place in the tree is that of Windows. */
const POWERSHELL = `#!/bin/sh
echo marked-loud; echo marked-loud >&2
pwd > /mnt/asked
for last; do :; done
printf %s "$last" | base64 -d | tr -d '\\000' >> /mnt/asked
exit $(cat /mnt/code)
`;

/** Of util-linux. */
const NAMESPACE = 'unshare';
const skipped =
  spawnSync(NAMESPACE, ['-m', 'sh', '-c', 'mount -t tmpfs tmpfs /mnt && ! grep -q docker /proc/self/cgroup']).status !==
  0;
if (skipped)
  console.warn('SKIPPED: only root, in a namespace of its own for mounts, can make a machine look like WSL.');

describe.skipIf(skipped)('the Windows Subsystem for Linux', () => {
  let at: ProgramFixture;
  let place = '';
  beforeAll(async () => {
    at = await programFixture('');
    place = await mkdtemp(join(tmpdir(), 'wsl-'));
    const system = join(place, 'mnt/c/Windows/System32/WindowsPowerShell/v1.0');
    await mkdir(system, { recursive: true });
    await writeFile(join(system, 'powershell.exe'), POWERSHELL, { mode: 0o755 });
    await mkdir(join(place, 'tree'));
    await writeFile(join(place, 'version'), 'Linux version 5.15.153.1-microsoft-standard-WSL2 (root@941d701f84f1)\n');
  });
  afterAll(async () => {
    await at[Symbol.asyncDispose]();
    await rm(place, { recursive: true, force: true });
  });

  async function begin(code: number, environment: Readonly<Record<string, string>> = {}) {
    await writeFile(join(place, 'mnt/code'), String(code));
    // As sudo leaves the environment: no WSL_DISTRO_NAME. No display: WSLg is not needed.
    return at.start(at.login(), { environment, within: [NAMESPACE, '-m', 'sh', '-c', LIKE_WSL, 'sh', place] });
  }
  async function decide(url: URL) {
    at.sandbox.register({ id: APP.id, redirectUris: [url.searchParams.get('redirect_uri') ?? ''] });
    await consent(url);
  }

  test('opens the browser of Windows, by PowerShell, with the address unharmed', async () => {
    const program = await begin(0);
    const url = await program.address();
    await decide(await program.authorizeUrl());
    const { exit, stdout, stderr } = await program.ended;
    expect(exit).toBe(0);
    expect(stdout + stderr).not.toMatch(/marked-loud|no browser|Open the URL above/);
    const [directory, asked = ''] = (await readFile(join(place, 'mnt/asked'), 'utf8')).split('\n');
    expect(directory).toBe('/mnt/c/Windows/System32/WindowsPowerShell/v1.0');
    expect(asked).toContain(`Start '${url.href}'`);
  });

  test('says when PowerShell fails', async () => {
    const program = await begin(1);
    await program.says(/default opener exited with code 1\. Open the URL above/);
    program.child.kill('SIGINT');
    await program.ended;
  });
});
