import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import process from 'node:process';
import { build } from 'esbuild';
import {
  consent,
  exportProfile,
  login,
  type RuntimeOptions,
  type Sandbox,
  startSandbox,
} from '../../src/auth/index.ts';
import { authorizeUrlAt } from '../cli/program.ts';

/** The apps that the documentation's reader has registered: the ids that the pages name. */
const FITBIT = { id: '23ABCD', secret: '5a4db0c5000000000000000000d0c5f1', type: 'personal' } as const;
const GOOGLE = {
  id: '406123456789-mynotebook.apps.googleusercontent.com',
  secret: 'GOCSPX-documentation-desktop',
  type: 'desktop',
} as const;
const ANY_PORT = 'http://127.0.0.1:0/callback';

/** After that long a block is ended: what it said until then is in the report. */
const TIMEOUT_MS = 60_000;

/** How a block finds the machine. */
export interface World {
  /** Whose tokens the files are. */
  readonly provider: 'fitbit' | 'google-health';
  /** Whether `default` and `partner` are signed in there. */
  readonly isSignedIn: boolean;
}

export interface Ended {
  readonly exit: number | NodeJS.Signals | null;
  /** Both outputs, as a terminal shows them. */
  readonly output: string;
}

/** A machine as the reader of a page has it: the program on the PATH, files in the working directory, and the sandbox for the world outside. */
export interface Reader extends AsyncDisposable {
  readonly sandbox: Sandbox;
  /** Makes the machine new. */
  begin(world: World): Promise<void>;
  /** Types it into bash, which ends at the first command that fails. @param until what is seen when Ctrl-C is to be pressed */
  shell(text: string, until?: RegExp): Promise<Ended>;
  node(text: string): Promise<Ended>;
  python(text: string): Promise<Ended>;
}

export async function reader(): Promise<Reader> {
  const root = await mkdtemp(join(tmpdir(), 'reader-'));
  const [bin, home] = [join(root, 'bin'), join(root, 'home')];
  const work = join(home, 'work');
  const sandbox = await startSandbox({ clients: [FITBIT, GOOGLE], issuer: 'https://accounts.google.com' });
  // The one of the page on `sandbox`, which stands for no provider.
  const ownSandbox = await startSandbox();
  await furnish(bin);
  const environment = {
    PATH: [bin, process.env.PATH].join(delimiter),
    HOME: home,
    // A terminal's language: what is printed is UTF-8.
    LANG: 'C.UTF-8',
    BROWSER: `${process.execPath} --import ${join(bin, 'to-sandbox.mjs')} ${join(bin, 'browser.mjs')}`,
    PYTHONPATH: bin,
    DOCS_BIN: bin,
    DOCS_SANDBOX: sandbox.origin,
    DOCS_OWN_SANDBOX: ownSandbox.origin,
    DOCS_CLIENT_ID: GOOGLE.id,
    DOCS_CLIENT_SECRET: GOOGLE.secret,
  };

  function run(command: string, args: readonly string[], until?: RegExp): Promise<Ended> {
    const child = spawn(command, args, {
      cwd: work,
      env: environment,
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    // Negative: the whole group, with what the block left running in the background.
    const signal = (name: NodeJS.Signals) => {
      try {
        process.kill(-(child.pid ?? Number.NaN), name);
      } catch {
        // It has ended.
      }
    };
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (chunk: string) => {
        output += chunk;
        if (until?.test(output)) signal('SIGINT');
      });
    }
    child.once('exit', () => signal('SIGTERM'));
    const timer = setTimeout(signal, TIMEOUT_MS, 'SIGKILL');
    return once(child, 'close').then(([code, killedBy]) => {
      clearTimeout(timer);
      return { exit: code ?? killedBy, output };
    });
  }

  async function script(command: string, name: string, text: string): Promise<Ended> {
    await writeFile(join(work, name), text);
    return run(command, command === 'node' ? ['--import', join(bin, 'to-sandbox.mjs'), name] : [name]);
  }

  return {
    sandbox,
    begin: async (world) => {
      await rm(home, { recursive: true, force: true });
      await mkdir(join(work, 'node_modules'), { recursive: true });
      await symlink(resolve('.'), join(work, 'node_modules/fitbit-login'));
      await settle(world, { home, work, sandbox });
    },
    shell: (text, until) => run('bash', ['-eu', '-o', 'pipefail', '-c', text], until),
    node: (text) => script('node', 'block.mjs', text),
    python: (text) => script('python3', 'block.py', text),
    [Symbol.asyncDispose]: async () => {
      await sandbox.close();
      await ownSandbox.close();
      await rm(root, { recursive: true, force: true });
    },
  };
}

let bundled: Promise<string> | undefined;

/** What is on the PATH. */
async function furnish(bin: string): Promise<void> {
  await mkdir(bin);
  const repository = resolve('.');
  // As npm links it.
  const { bin: programs } = JSON.parse(await readFile('package.json', 'utf8'));
  const toSandbox = `--import '${join(bin, 'to-sandbox.mjs')}'`;
  const hosts = 'www.fitbit.com api.fitbit.com oauth2.googleapis.com health.googleapis.com';
  const commands = {
    'fitbit-login': `exec '${process.execPath}' ${toSandbox} '${resolve(programs['fitbit-login'])}' "$@"`,
    // A request to a provider goes to the sandbox, and one that is refused fails.
    curl: `args=()
for arg in "$@"; do
  for host in ${hosts}; do arg=\${arg//https:\\/\\/$host/$DOCS_SANDBOX}; done
  args+=("\${arg//http:\\/\\/127.0.0.1:8977/$DOCS_SANDBOX}")
done
case "\${args[*]}" in *https://*) echo "Not on this machine: \${args[*]}" >&2; exit 1 ;; esac
PATH=\${PATH#*:} exec curl --silent --show-error --fail-with-body "\${args[@]}"`,
    // The packages are there already: these tests run in them.
    npm: `[ "$1" = ci ] && exit
cd '${repository}' && PATH=\${PATH#*:} CI=true exec npm "$@"`,
  };
  for (const [name, text] of Object.entries(commands)) {
    await writeFile(join(bin, name), `#!/usr/bin/env bash\n${text}\n`, { mode: 0o755 });
  }
  await cp(join(import.meta.dirname, 'to-sandbox.mjs'), join(bin, 'to-sandbox.mjs'));
  await cp(join(import.meta.dirname, 'sitecustomize.py'), join(bin, 'sitecustomize.py'));
  bundled ??= build({
    entryPoints: [join(import.meta.dirname, 'browser.ts')],
    bundle: true,
    write: false,
    platform: 'node',
    format: 'esm',
    logLevel: 'error',
  }).then(({ outputFiles: [file] }) => file?.text ?? '');
  await writeFile(join(bin, 'browser.mjs'), await bundled);
}

/** Signs people in, and puts the files there that the pages speak of. */
async function settle(
  world: World,
  { home, work, sandbox }: { readonly home: string; readonly work: string; readonly sandbox: Sandbox },
): Promise<void> {
  const toSandbox = (url: string) => new URL(new URL(url).pathname + new URL(url).search, sandbox.origin);
  const runtimeOptions = (person: string): RuntimeOptions => ({
    environment: { FITBIT_LOGIN_HOME: join(home, '.config/fitbit-login') },
    fetch: (url, init) => fetch(toSandbox(url), init),
    openBrowser: async (url) => {
      const authorize = await authorizeUrlAt(url);
      const { client_id: id = '', redirect_uri: uri = '' } = Object.fromEntries(authorize.searchParams);
      sandbox.register({ id, redirectUris: [uri] });
      await consent(toSandbox(authorize.href), { person });
    },
  });
  const app = world.provider === 'google-health' ? GOOGLE : FITBIT;
  const signIn = { clientId: app.id, clientSecret: app.secret, redirectUris: [ANY_PORT] };
  await login(signIn, runtimeOptions('WALK01'));
  await login({ ...signIn, profile: 'partner' }, runtimeOptions('SLEEP2'));

  const formats =
    app === GOOGLE
      ? { '.env': 'notebook', 'credentials.json': 'ghealth' }
      : { '.env': 'notebook', 'tokens.json': 'python-fitbit', 'fitbit.token': 'fitbit-grafana' };
  for (const [name, format] of Object.entries(formats)) {
    const { text } = await exportProfile({ format }, runtimeOptions('WALK01'));
    await writeFile(join(work, name), text);
  }
  const { id: client_id, secret: client_secret } = GOOGLE;
  await writeFile(join(work, 'client_secret.json'), JSON.stringify({ installed: { client_id, client_secret } }));
  await writeFile(join(work, 'request.json'), '{"pageSize":1}');
  await writeFile(join(work, 'secret.txt'), `${FITBIT.secret}\n`);
  await writeFile(join(work, 'fetch.py'), 'import os\nassert os.environ["FITBIT_ACCESS_TOKEN"]\n');
  await writeFile(join(work, 'server.py'), 'import os\nassert open(os.environ["FITBIT_TOKEN_FILE"]).read()\n');
  // Where the shells keep completions, once they have any.
  for (const directory of ['.local/share/bash-completion/completions', '.config/fish/completions']) {
    await mkdir(join(home, directory), { recursive: true });
  }
  const config = join(home, '.config/fitbit-login');
  if (!world.isSignedIn) await rm(config, { recursive: true });
  // The library's default directory, which the example does not set.
  else {
    await mkdir(join(home, '.local/state'), { recursive: true });
    await rename(join(config, 'log'), join(home, '.local/state/fitbit-login'));
  }
}
