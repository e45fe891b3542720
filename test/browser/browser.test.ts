import { existsSync } from 'node:fs';
import { createServer } from 'node:http';
import { describe, expect, test } from 'vitest';
import { launch, skipWithoutBrowser } from './browser.ts';

describe.skipIf(skipWithoutBrowser)('the browser that the tests drive', () => {
  test('shows a page of a loopback server and leaves nothing behind', async () => {
    await using server = createServer((_request, response) => response.end('<title>Hello</title>'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const port = typeof address === 'object' ? address?.port : undefined;

    let directory: string;
    {
      await using browser = await launch();
      directory = browser.userDataDirectory;
      const page = await browser.context.newPage();
      await page.goto(`http://127.0.0.1:${port}/`);
      expect(await page.title()).toBe('Hello');
    }
    expect(existsSync(directory)).toBe(false);
  });
});
