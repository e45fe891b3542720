import type { Page } from 'playwright-core';

/** Presses Tab until the element has the focus. @throws when Tab does not lead there, or the focus could not be seen */
export async function tabTo(page: Page, selector: string): Promise<void> {
  const wanted = page.locator(selector);
  await wanted.waitFor();
  for (let pressed = 0; pressed < 100; pressed++) {
    await page.keyboard.press('Tab');
    const [focused, visible] = await wanted.evaluate((element) =>
      [':focus', ':focus-visible'].map((state) => element.matches(state)),
    );
    if (focused && visible) return;
    if (focused) throw new Error(`The focus on ${selector} is invisible.`);
  }
  throw new Error(`Tab does not lead to ${selector}.`);
}
