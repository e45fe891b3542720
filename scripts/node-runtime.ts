import { spawnSync } from 'node:child_process';
import process from 'node:process';
import * as v from 'valibot';

/** The newest Node that the program is tried on, by its major version; the oldest is the one that the tests run on. */
export const NEWEST_NODE = 26;

const Answer = v.pipe(v.string(), v.parseJson(), v.tuple([v.string(), v.string()]));

/** A Node to run programs with. */
export interface NodeRuntime {
  readonly path: string;
  /** `20.20.2` */
  readonly version: string;
  readonly major: number;
}

/** The Node that runs this. */
export const currentNode: NodeRuntime = runtime(process.execPath, process.versions.node);

/** A Node by its path, or by its major version, which npx then fetches where it is not there. `undefined` where it cannot be had. */
export function findNode(pathOrMajor: string): NodeRuntime | undefined {
  const isMajor = /^\d+$/.test(pathOrMajor);
  if (isMajor && Number(pathOrMajor) === currentNode.major) return currentNode;
  const ask = ['-p', 'JSON.stringify([process.execPath, process.versions.node])'];
  // Asked for its path once: npx itself takes longer than anything that is measured here.
  const [file, args] = isMajor
    ? ['npx', ['--yes', '--package', `node@${pathOrMajor}`, '--', 'node', ...ask]]
    : [pathOrMajor, ask];
  const { status, stdout } = spawnSync(file, args, { encoding: 'utf8' });
  const answer = v.safeParse(Answer, stdout);
  if (status !== 0 || !answer.success) return undefined;
  return runtime(...answer.output);
}

function runtime(path: string, version: string): NodeRuntime {
  return { path, version, major: Number.parseInt(version, 10) };
}
