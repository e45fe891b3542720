import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const imports = (specifier: string) => `import { x } from '${specifier}';\nexport const y = x;\n`;

/** `[file, source, rule]`: what the linter must refuse, and by which rule. */
const REFUSED = [
  // Leaves never import each other, and never look up at what is built on them.
  ['src/oauth/state.ts', imports('../providers/fitbit.ts'), 'noRestrictedImports'],
  ['src/oauth/keeper.ts', imports('../store/store.ts'), 'noRestrictedImports'],
  ['src/store/again.ts', imports('../oauth/token-endpoint.ts'), 'noRestrictedImports'],
  ['src/store/errors-of-others.ts', imports('../oauth/errors.ts'), 'noRestrictedImports'],
  ['src/store/types.ts', `export type { x } from '../oauth/server.ts';\n`, 'noRestrictedImports'],
  ['src/server/app.ts', imports('../auth/runtime.ts'), 'noRestrictedImports'],
  ['src/server/lazy.ts', `export const x = await import('../store/store.ts');\n`, 'noRestrictedImports'],
  ['src/server/routes/callback.ts', imports('../../oauth/authorization.ts'), 'noRestrictedImports'],
  ['src/browser/keeper.ts', imports('../store/store.ts'), 'noRestrictedImports'],
  ['src/browser/page.ts', imports('../server/app.ts'), 'noRestrictedImports'],
  ['src/browser/words.ts', imports('../auth/login.ts'), 'noRestrictedImports'],
  ['src/server/protocol.ts', imports('oauth4webapi'), 'noRestrictedImports'],
  ['src/doctor/network.ts', imports('../network/proxy.ts'), 'noRestrictedImports'],
  ['src/network/protocol.ts', imports('../oauth/server.ts'), 'noRestrictedImports'],
  ['src/network/library.ts', imports('oauth4webapi'), 'noRestrictedImports'],
  ['src/oauth/proxied.ts', imports('../network/proxy.ts'), 'noRestrictedImports'],
  ['src/cli/proxied.ts', imports('../network/proxy.ts'), 'noRestrictedImports'],
  ['src/providers/fitbit.ts', imports('../store/profile.ts'), 'noRestrictedImports'],
  // The sandbox shares no code with the client.
  ['src/sandbox/app.ts', imports('../oauth/authorization.ts'), 'noRestrictedImports'],
  ['src/sandbox/rules.ts', imports('../providers/fitbit.ts'), 'noRestrictedImports'],
  ['src/sandbox/pages.ts', imports('../server/pages/view.ts'), 'noRestrictedImports'],
  ['src/sandbox/tokens.ts', imports('../store/profile.ts'), 'noRestrictedImports'],
  ['src/sandbox/pkce.ts', imports('oauth4webapi'), 'noRestrictedImports'],
  ['src/sandbox/words.ts', imports('../messages.ts'), 'noRestrictedImports'],
  ['src/messages.ts', imports('./auth/login.ts'), 'noRestrictedImports'],
  // Towards the terminal there is no way back.
  ['src/auth/login.ts', imports('../cli/print.ts'), 'noRestrictedImports'],
  ['src/auth/status.ts', imports('../index.ts'), 'noRestrictedImports'],
  ['src/cli/commands/login.ts', imports('../../store/file-store.ts'), 'noRestrictedImports'],
  ['src/index.ts', imports('./cli/print.ts'), 'noRestrictedImports'],
  ['src/cli/library.ts', imports('../index.ts'), 'noRestrictedImports'],
  ['src/cli/commands/library.ts', imports('../../index.ts'), 'noRestrictedImports'],
  ['src/bin.ts', imports('./store/file-store.ts'), 'noRestrictedImports'],
  ['src/errors.ts', imports('./oauth/server.ts'), 'noRestrictedImports'],
  // What the rules do not know yet is a leaf, too.
  ['src/clipboard.ts', imports('./store/store.ts'), 'noRestrictedImports'],
  ['src/attic/box.ts', imports('../store/store.ts'), 'noRestrictedImports'],
  // What ships does not reach into what only developers run.
  ['src/oauth/fixture.ts', imports('../../test/flow/fixture.ts'), 'noRestrictedImports'],
  ['src/secret.ts', imports('../scripts/build.ts'), 'noRestrictedImports'],
  // Only bin.ts touches process, and nothing the console.
  ['src/store/env.ts', 'export const home = process.env.HOME;\n', 'noProcessGlobal'],
  ['src/network/env.ts', 'export const proxy = process.env.HTTPS_PROXY;\n', 'noProcessGlobal'],
  ['src/server/env.ts', 'export const home = globalThis.process.env.HOME;\n', 'noProcessGlobal'],
  ['src/cli/streams.ts', `import { stdout } from 'node:process';\nexport const out = stdout;\n`, 'noRestrictedImports'],
  ['src/oauth/platform.ts', `import { platform } from 'process';\nexport const p = platform;\n`, 'noRestrictedImports'],
  ['src/auth/talk.ts', `console.log('hello');\n`, 'noConsole'],
] as const;

/** The arrows that design.md draws: nothing here may be refused. */
const ALLOWED = [
  ['src/oauth/a.ts', imports('./b.ts')],
  ['src/oauth/b.ts', imports('oauth4webapi')],
  ['src/oauth/c.ts', imports('../errors.ts')],
  ['src/providers/a.ts', imports('../oauth/server.ts')],
  ['src/server/routes/a.ts', imports('../app.ts')],
  ['src/server/routes/b.ts', imports('../../errors.ts')],
  ['src/terminal.ts', imports('./errors.ts')],
  ['src/store/a.ts', imports('../secret.ts')],
  ['src/sandbox/a.ts', imports('../errors.ts')],
  ['src/store/b.ts', imports('../messages.ts')],
  ['src/auth/a.ts', imports('../oauth/server.ts')],
  ['src/auth/b.ts', imports('../store/store.ts')],
  ['src/browser/a.ts', imports('../errors.ts')],
  ['src/auth/c.ts', imports('../server/pages/view.ts')],
  ['src/network/a.ts', imports('../secret.ts')],
  ['src/network/b.ts', imports('https-proxy-agent')],
  ['src/auth/e.ts', imports('../network/proxy.ts')],
  ['src/auth/d.ts', imports('../browser/open-browser.ts')],
  ['src/cli/c.ts', imports('../auth/login.ts')],
  ['src/cli/a.ts', imports('../auth/index.ts')],
  ['src/cli/commands/a.ts', imports('../../auth/index.ts')],
  ['src/cli/commands/b.ts', imports('../print.ts')],
  ['scripts/a.ts', `import process from 'node:process';\nconsole.log(process.argv);\n`],
] as const;

interface Output {
  readonly stdout: string;
}

interface Diagnostic {
  readonly category: string;
  readonly location: { readonly path: string };
}

describe('the linter enforces the dependencies between modules', () => {
  let root = '';
  let found: ReadonlySet<string> = new Set();

  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'arrows-'));
    for (const file of ['biome.json', '.gitignore']) await cp(resolve(file), join(root, file));
    for (const [file, source] of [...REFUSED, ...ALLOWED]) {
      await mkdir(dirname(join(root, file)), { recursive: true });
      await writeFile(join(root, file), source);
    }
    found = await lint(root);
  });
  afterAll(() => rm(root, { recursive: true, force: true }));

  for (const [file, source, rule] of REFUSED) {
    test(`${file} must not: ${source.split('\n', 1)[0]}`, () => {
      expect(found).toContain(`${file} ${rule}`);
    });
  }

  test('the allowed imports pass', () => {
    const files = new Set<string>(ALLOWED.map(([file]) => file));
    expect([...found].filter((finding) => files.has(finding.split(' ', 1)[0] ?? ''))).toEqual([]);
  });
});

/** What the linter says of every file under `root`, as `path rule`. It exits with 1 once it has found something. */
async function lint(root: string): Promise<ReadonlySet<string>> {
  const args = [resolve('node_modules/@biomejs/biome/bin/biome'), 'lint', '--reporter=json', '--max-diagnostics=none'];
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: root }).catch((error: Output) => error);
  const report: { readonly diagnostics: readonly Diagnostic[] } = JSON.parse(stdout);
  return new Set(
    report.diagnostics.map(({ category, location }) => `${location.path} ${category.split('/').at(-1) ?? ''}`),
  );
}
