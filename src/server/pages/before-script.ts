import { createHash } from 'node:crypto';

/**
 * The one script of the local site, inline. The pages work without it; with it the status page changes by itself, the provider is
 * recognised while the client id is typed, addresses can be copied and a file dropped. It holds no words: those are in the page.
 */
export const SCRIPT = `
'use strict';
const find = (selector, within = document) => within.querySelector(selector);
const all = (selector, within = document) => [...within.querySelectorAll(selector)];
const say = (words) => { find('#said').textContent = words; };

// Copy buttons.
for (const button of all('[data-copy]')) {
  button.hidden = false;
  const words = button.firstChild;
  const before = words.data;
  button.addEventListener('click', async () => {
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
    words.data = button.dataset.copied;
    say(button.dataset.copied);
    setTimeout(() => { words.data = before; }, 2000);
  });
}

// The provider, recognised while the client id is typed.
const clientId = find('#clientId');
if (clientId) {
  const chosen = find('#provider');
  const known = all('[data-pattern]');
  const recognise = () => {
    const id = clientId.value.trim();
    const match = known.find(({ dataset }) => dataset.pattern && new RegExp(dataset.pattern).test(id));
    find('#recognised').textContent = match?.textContent ?? '';
    const provider = chosen?.value || match?.value;
    for (const scopes of all('[data-scopes]')) {
      scopes.hidden = Boolean(provider) && scopes.dataset.scopes !== provider;
      scopes.open = scopes.dataset.scopes === provider;
    }
  };
  clientId.addEventListener('input', recognise);
  chosen?.addEventListener('change', recognise);
  recognise();
}

// A file, chosen or dropped: its text goes into the field, and nowhere else before the form is sent.
for (const area of all('[data-drop]')) {
  const take = async (file) => { if (file) area.value = await file.text(); };
  const picker = find('[data-into="' + area.id + '"]');
  picker.closest('[hidden]').hidden = false;
  picker.addEventListener('change', () => take(picker.files[0]));
  for (const kind of ['dragenter', 'dragover']) area.addEventListener(kind, (event) => { event.preventDefault(); area.classList.add('over'); });
  for (const kind of ['dragleave', 'drop']) area.addEventListener(kind, () => area.classList.remove('over'));
  area.addEventListener('drop', (event) => { event.preventDefault(); take(event.dataTransfer.files[0]); });
}

// Asks for the page again and puts its live part in the place of this one's: focus and unfolded parts stay. Of several that are
// asked for at once, only the last one counts.
let fetched = performance.now();
let asked = 0;
const update = async () => {
  if (!find('#live')) return false;
  const turn = ++asked;
  const answer = await fetch(location.pathname);
  const text = await answer.text();
  if (!answer.ok || turn !== asked) return false;
  const live = find('#live');
  const fresh = find('#live', new DOMParser().parseFromString(text, 'text/html'));
  fetched = performance.now();
  const focused = document.activeElement?.id;
  for (const part of all('details[id]', live)) {
    const same = fresh.querySelector('#' + CSS.escape(part.id));
    if (same) same.open = part.open;
  }
  live.replaceWith(fresh);
  if (focused && fresh.querySelector('#' + CSS.escape(focused))) document.getElementById(focused).focus({ preventScroll: true });
  return true;
};

// Runs the bars down; asks again when one is empty, and every half minute for the words beside them.
setInterval(() => {
  const passed = performance.now() - fetched;
  const bars = all('progress[data-left]');
  for (const bar of bars) bar.value = Math.max(0, bar.dataset.left - passed);
  const due = passed > 30000 || (passed > 1000 && bars.some(({ value }) => value === 0));
  if (due && document.visibilityState === 'visible') update().catch(() => {});
}, 1000);

// A page out of sight counts as closed, so that a forgotten tab does not keep the program running.
let events;
const listen = () => {
  events?.close();
  events = undefined;
  if (document.visibilityState !== 'visible') return;
  events = new EventSource(location.pathname.replace(/[^/]*$/, 'events'));
  const lost = find('#lost');
  events.onopen = () => {
    lost.textContent = '';
    update().catch(() => {});
  };
  events.onerror = () => { lost.textContent = lost.dataset.lost; };
  events.onmessage = async () => { if (await update()) say(find('#live').dataset.updated); };
};
document.addEventListener('visibilitychange', listen);
addEventListener('pagehide', () => events?.close());
addEventListener('pageshow', ({ persisted }) => { if (persisted) listen(); });
listen();
`;

/** The source expression that lets this script, and no other, run in a page (CSP Level 3 §2.3.1). */
export const SCRIPT_HASH = `'sha256-${createHash('sha256').update(SCRIPT).digest('base64')}'`;
