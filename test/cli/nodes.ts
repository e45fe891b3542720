import { spawnSync } from 'node:child_process';
import process from 'node:process';

/** The newest Node that the package is tried on, as npm has it; the oldest is the one that the tests run on. */
const NEWEST = 26;

export interface Runtime {
  readonly name: string;
  /** The path of its binary. */
  readonly node: string;
}

const current = { name: `Node ${process.versions.node}`, node: process.execPath };

/** This Node and, unless it is this one, the newest; without a registry only this one, which is said loudly. */
export const RUNTIMES: readonly Runtime[] = [current, ...newest()];

function newest(): readonly Runtime[] {
  if (process.versions.node.startsWith(`${NEWEST}.`)) return [];
  const asked = ['--yes', '--prefer-offline', '--package', `node@${NEWEST}`, '--', 'node', '--print'];
  const { stdout, error, status } = spawnSync('npx', [...asked, 'process.execPath + "\\n" + process.versions.node'], {
    encoding: 'utf8',
    timeout: 120_000,
    shell: process.platform === 'win32',
  });
  const [node, version] = (stdout ?? '').trim().split('\n');
  if (error === undefined && status === 0 && node && version) return [{ name: `Node ${version}`, node }];
  console.warn(`SKIPPED: Node ${NEWEST} cannot be had from npm, so the package is not tried on it.`);
  return [];
}
