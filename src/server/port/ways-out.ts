import type { RedirectUri } from '../redirect-uri.ts';
import { type Blocked, isFree } from './stack.ts';
import { inList } from './words.ts';

/** Which process must not be ended, and in which system's words the commands are. */
interface Situation {
  readonly pid: number | undefined;
  readonly os: NodeJS.Platform;
}

/** What a person can do about ports that are taken: three ways, each an exact action or the command for it. */
export async function waysOut(blocked: readonly [Blocked, ...Blocked[]], situation: Situation): Promise<string> {
  const uris = [...new Set(blocked.map(({ redirect }) => redirect.uri))];
  const [wanted, given] = uris.length > 1 ? ['another', 'all'] : ['a second', 'both'];
  const second =
    `Register ${wanted} redirect URI with the provider and give ${given}; the first whose port is free is used: ` +
    `\`--redirect-uri "${[...uris, await anotherUri(blocked[0].redirect)].join(' ')}"\``;
  const ways = [...ending(blocked, situation), second, ANY_PORT].slice(0, 3);
  return ['There are three ways out:', ...ways.map((way, index) => `  ${index + 1}. ${way}`)].join('\n');
}

const ANY_PORT =
  'If your app is one of Google’s of the type Desktop, nothing has to be registered and any port will do: ' +
  '`--redirect-uri http://127.0.0.1:0/callback`';

/** How to get a port back. */
function ending(blocked: readonly [Blocked, ...Blocked[]], { pid, os }: Situation): readonly string[] {
  if (blocked.some(({ taken }) => pid !== undefined && taken.holder?.pid === pid)) {
    return ['Finish or cancel the other sign-in of this program first.'];
  }
  const earlier = blocked.filter(({ taken }) => taken.waitingSeconds !== undefined);
  if (earlier.length > 0) {
    const kill = killing(earlier, os);
    return [
      'Finish the earlier sign-in: its terminal shows the address to open.',
      `End it: Ctrl-C in its terminal${kill === undefined ? '' : `, or ${kill}`}. Then run this again.`,
    ];
  }
  const kill = killing(blocked, os);
  if (kill !== undefined) return [`End that program: ${kill}. Then run this again.`];
  const find = FINDING[os] ?? UNIX_FINDING;
  return [`End that program: ${find(blocked[0].stack.port)} shows which it is. Then run this again.`];
}

/** The commands that end whoever holds a port; `undefined` where the system does not tell who that is. */
export function killing(blocked: readonly Blocked[], os: NodeJS.Platform): string | undefined {
  const pids = new Set(blocked.flatMap(({ taken }) => taken.holder?.pid ?? []));
  const commands = [...pids].map((pid) => (os === 'win32' ? `\`taskkill /F /PID ${pid}\`` : `\`kill ${pid}\``));
  return commands.length > 0 ? inList(commands, 'or') : undefined;
}

type Finding = (port: number) => string;

/** What shows every user's programs. */
const FINDING: Readonly<Partial<Record<NodeJS.Platform, Finding>>> = {
  linux: (port) => `\`sudo ss -ltnp sport = :${port}\``,
  win32: (port) => `\`netstat -ano | findstr :${port}\``,
};

const UNIX_FINDING: Finding = (port) => `\`sudo lsof -nP -iTCP:${port} -sTCP:LISTEN\``;

/** From one suggestion to the next: far enough from the sandbox's own default port, which is beside ours. */
const PORT_STEP = 10;

/** The same redirect URI at a port that is free now. */
async function anotherUri({ host, addresses, port, path }: RedirectUri): Promise<string> {
  // Of the lower ones, kept for privileged programs, none would do.
  let candidate = port < 1024 ? 8976 - PORT_STEP : port;
  for (let attempt = 1; attempt <= 5; attempt += 1) {
    candidate = candidate + PORT_STEP > 65_535 ? 8976 : candidate + PORT_STEP;
    const free = await Promise.all(addresses.map((address) => isFree(address, candidate)));
    if (free.every(Boolean)) break;
  }
  return `http://${host}:${candidate}${path}`;
}
