import { sourceHash } from './style.ts';

/** What result pages need: the buttons that copy. It holds no words; those are in the page. */
export const COPY_SCRIPT = `
'use strict';
document.documentElement.classList.add('js');
const say = (words) => { document.getElementById('said').textContent = words; };
addEventListener('click', async ({ target }) => {
  const button = target.closest('[data-copy]');
  if (!button) return;
  await navigator.clipboard.writeText(button.dataset.copy);
  const [icon, words] = [button.firstElementChild, button.lastElementChild];
  if (button.classList.contains('copied')) return;
  const before = [icon.innerHTML, words.textContent];
  icon.innerHTML = '<path d="m5 12.5 4.5 4.5L19 7.5"/>';
  words.textContent = button.dataset.copied;
  button.classList.add('copied');
  say(button.dataset.copied);
  setTimeout(() => {
    [icon.innerHTML, words.textContent] = before;
    button.classList.remove('copied');
  }, 2000);
});
`;

/** The source expressions that admit these scripts and no other (CSP Level 3 §2.3.1). */
export const COPY_SCRIPT_HASH = sourceHash(COPY_SCRIPT);
