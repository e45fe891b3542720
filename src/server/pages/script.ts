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

/** What setup and status pages need beyond that: each works without it. */
export const SITE_SCRIPT = `
'use strict';
const find = (selector, within = document) => within.querySelector(selector);
const all = (selector, within = document) => [...within.querySelectorAll(selector)];
const texts = JSON.parse(find('#texts').dataset.texts);
const form = find('#setup');

// The status page: asks again while it is in sight, and keeps what is unfolded, the focus and the filter.
const live = find('#live');
const filter = () => {
  const wanted = (find('#filter')?.value ?? '').trim().toLowerCase();
  const rows = all('.row');
  for (const row of rows) row.hidden = !find('summary', row).textContent.toLowerCase().includes(wanted);
  for (const head of all('.group')) {
    let next = head.nextElementSibling;
    head.hidden = true;
    for (; next?.matches('.row'); next = next.nextElementSibling) if (!next.hidden) head.hidden = false;
  }
  const none = find('#no-match');
  if (none) none.hidden = rows.some((row) => !row.hidden);
};
if (live) {
  let last;
  const update = async () => {
    if (document.visibilityState !== 'visible') return;
    const lost = find('#lost');
    try {
      const answer = await fetch('live' + location.search);
      if (!answer.ok) throw new Error();
      const text = await answer.text();
      lost.hidden = true;
      if (text === last) return;
      const first = last === undefined;
      last = text;
      if (first) return;
      const focused = document.activeElement?.id;
      const open = new Map(all('details[id]', live).map((fold) => [fold.id, fold.open]));
      const wanted = find('#filter')?.value;
      const parsed = new DOMParser().parseFromString(text, 'text/html');
      for (const auto of all('[autofocus]', parsed)) auto.removeAttribute('autofocus');
      live.replaceChildren(...parsed.body.childNodes);
      for (const fold of all('details[id]', live)) if (open.has(fold.id)) fold.open = open.get(fold.id);
      if (wanted) find('#filter').value = wanted;
      filter();
      if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
      say(live.dataset.updated);
    } catch {
      lost.textContent = texts.lost;
      lost.hidden = false;
    }
  };
  live.addEventListener('input', ({ target }) => { if (target.id === 'filter') filter(); });
  setInterval(update, 3000);
  document.addEventListener('visibilitychange', update);
  update();
}

if (form) {
  // Ticks are kept by the server, so that a reload keeps them; so is the site, as long as its page is in sight.
  const keepTicks = () => {
    const body = new URLSearchParams(all('[name=tick]:checked').map(({ value }) => ['tick', value]));
    body.set('_csrf', find('[name=_csrf]', form).value);
    return fetch('ticks', { method: 'POST', body }).catch(() => {});
  };
  setInterval(() => { if (document.visibilityState === 'visible') keepTicks(); }, 60000);

  const showAsked = () => {
    for (const part of all('.asks')) {
      const labels = all('input:checked', part).map((box) => box.parentElement.textContent.trim());
      const shown = labels.length > 5 ? labels.slice(0, 3) : labels;
      const lower = shown.map((word, at) => (at === 0 || /^[A-Z]{2}/.test(word) ? word : word[0].toLowerCase() + word.slice(1)));
      find('.asked', part).textContent = lower.join(', ') + (labels.length > 5 ? ' and ' + (labels.length - 3) + ' more' : '');
    }
    const list = find('.scope-list');
    list.dataset.copy = all('[name="scopes:google-health"]:checked').map(({ value }) => value).join('\\n');
  };
  form.addEventListener('change', ({ target }) => {
    if (target.name === 'tick') keepTicks();
    if (target.name?.startsWith('scopes:')) showAsked();
  });

  const recognise = (field) => {
    const known = find('.known', field.parentElement);
    known.hidden = !new RegExp(field.dataset.pattern).test(field.value.trim());
  };
  for (const field of all('[data-pattern]')) {
    field.addEventListener('input', () => recognise(field));
    recognise(field);
  }

  // A file, dropped anywhere or chosen: read here, shown by its project, and sent with the form only.
  const area = find('[name=clientFile]');
  const take = async (file) => {
    if (!file) return;
    const problem = find('#file-error');
    problem.hidden = true;
    let client;
    let type;
    try {
      const text = await file.text();
      const parsed = JSON.parse(text);
      type = ['installed', 'web'].find((key) => parsed[key]?.client_id);
      client = parsed[type] ?? parsed;
      if (!client.client_id) throw new Error();
      area.value = text;
    } catch {
      find('span', problem).textContent = texts.fileError;
      problem.hidden = false;
      problem.focus();
      return;
    }
    find('[name=provider][value=google-health]').checked = true;
    find('[name=clientFileName]').value = file.name;
    const kind = texts.fileTexts[type === 'installed' ? 'desktop' : type ?? 'other'];
    find('#file-title').textContent = client.project_id ? kind + ' · project ' + client.project_id : kind;
    find('#file-name').textContent = file.name.length > 24 ? file.name.slice(0, 18) + '….json' : file.name;
    find('#taken').hidden = false;
    if (client.project_id) {
      for (const part of all('.project')) part.textContent = client.project_id;
      for (const link of all('a[href*="console.cloud.google.com"]')) {
        const url = new URL(link.href);
        url.searchParams.set('project', client.project_id);
        link.href = url;
      }
    }
    const tick = find('#tick-file');
    tick.checked = true;
    keepTicks();
    find('#taken').focus();
  };
  find('#file').addEventListener('change', ({ target }) => take(target.files[0]));
  const over = find('.over');
  const isFile = ({ dataTransfer }) => dataTransfer?.types.includes('Files');
  let depth = 0;
  addEventListener('dragenter', (event) => { if (isFile(event)) { depth += 1; over.hidden = false; } });
  addEventListener('dragleave', (event) => { if (isFile(event) && (depth -= 1) <= 0) { depth = 0; over.hidden = true; } });
  addEventListener('dragover', (event) => { if (isFile(event)) event.preventDefault(); });
  addEventListener('drop', (event) => {
    if (!isFile(event)) return;
    event.preventDefault();
    depth = 0;
    over.hidden = true;
    take(event.dataTransfer.files[0]);
  });
}
`;

/** The source expressions that admit these scripts and no other (CSP Level 3 §2.3.1). */
export const COPY_SCRIPT_HASH = sourceHash(COPY_SCRIPT);
export const SITE_SCRIPT_HASH = sourceHash(SITE_SCRIPT);
