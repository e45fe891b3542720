import { currentNode, findNode, NEWEST_NODE, type NodeRuntime } from '../../scripts/node-runtime.ts';

/** This Node and, unless it is this one, the newest; without a registry only this one, which is said loudly. */
export const RUNTIMES: readonly (NodeRuntime & { readonly name: string })[] = [currentNode, ...newest()].map(
  (runtime) => ({ ...runtime, name: `Node ${runtime.version}` }),
);

function newest(): readonly NodeRuntime[] {
  if (currentNode.major === NEWEST_NODE) return [];
  const found = findNode(`${NEWEST_NODE}`);
  if (found !== undefined) return [found];
  console.warn(`SKIPPED: Node ${NEWEST_NODE} cannot be had from npm, so the package is not tried on it.`);
  return [];
}
