import { compared, contest } from './contest.ts';
import { makeHome } from './home.ts';
import type { Row } from './row.ts';
import { fitbitLogin, waiters } from './waiters.ts';
import { listeningMs } from './waiting.ts';

const MOST = 1.3;
// Up to Node 22, more of the time goes into what nobody can spare: compiling what has to be loaded.
const MOST_BEFORE_24 = 1.7;

/** How long a person waits for the browser to open. */
export const listening: Row = {
  name: 'listening',
  method:
    'From the start of the process until the address to open is printed and its redirect port takes a connection. The peers are told to ' +
    'print that address, too, in the place where they would open a browser. mcp-remote asks its server for metadata first. The bare server ' +
    'is an ES module, as it would be written today; beside it stands the same in CommonJS.',
  rounds: { full: 25, quick: 1 },
  onEachNode: true,
  measure: async (rig) => {
    const ours = fitbitLogin(rig, await makeHome(rig.directory, 0));
    const series = await contest(waiters(rig, ours, listeningMs), rig.rounds);
    return [
      {
        title: 'login: start → listening',
        unit: 'ms',
        statistic: 'median',
        ...compared(series, (ms) => ms),
        goal: { of: 'ratio', is: '≤', limit: rig.node.major < 24 ? MOST_BEFORE_24 : MOST },
      },
    ];
  },
};
