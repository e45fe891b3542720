import { execFile, spawnSync } from 'node:child_process';
import process from 'node:process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** A host of its own, as far as the network goes: a network namespace of Linux, which ends with what runs in it. */
export interface Host extends AsyncDisposable {
  /** What a command has to be put after to run there. */
  readonly inside: readonly string[];
  /** Runs a command there. @throws if it fails */
  run(...command: readonly string[]): Promise<string>;
}

/** For `describe.skipIf(skipWithoutHosts)`: says loudly what is not tested. */
export const skipWithoutHosts = !canHaveHosts();
if (skipWithoutHosts)
  console.warn('SKIPPED: no network namespaces, for which one has to be root on Linux, with iproute2.');

let count = 0;
const living = new Set<string>();
// Also where a test run is cut off.
process.once('exit', () => {
  for (const name of living) spawnSync('ip', ['netns', 'del', name]);
});

/** A host with loopback on both stacks, and no other network. */
export async function host(): Promise<Host> {
  count += 1;
  const name = `fitbit-login-${process.pid}-${count}`;
  living.add(name);
  await run('ip', ['netns', 'add', name]);
  const inside = ['ip', 'netns', 'exec', name];
  const at: Host = {
    inside,
    run: async (...command) => (await run('ip', [...inside.slice(1), ...command])).stdout,
    [Symbol.asyncDispose]: async () => {
      const { stdout } = await run('ip', ['netns', 'pids', name]);
      for (const pid of stdout.split('\n').filter(Boolean)) process.kill(Number(pid), 'SIGKILL');
      await run('ip', ['netns', 'del', name]);
      living.delete(name);
    },
  };
  await at.run('ip', 'link', 'set', 'lo', 'up');
  return at;
}

/** Connects two hosts by a cable, with an address at each end. */
export async function cable([one, oneAddress]: End, [other, otherAddress]: End): Promise<void> {
  const name = other.inside.at(-1) ?? '';
  await one.run('ip', 'link', 'add', 'cable', 'type', 'veth', 'peer', 'name', 'cable', 'netns', name);
  for (const [at, address] of [
    [one, oneAddress],
    [other, otherAddress],
  ] as const) {
    await at.run('ip', 'addr', 'add', `${address}/24`, 'dev', 'cable');
    await at.run('ip', 'link', 'set', 'cable', 'up');
  }
}

type End = readonly [Host, string];

function canHaveHosts(): boolean {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return false;
  const name = `fitbit-login-${process.pid}-try`;
  const made = spawnSync('ip', ['netns', 'add', name]).status === 0;
  if (made) spawnSync('ip', ['netns', 'del', name]);
  return made;
}
