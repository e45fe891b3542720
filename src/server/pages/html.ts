import { html } from 'ghtml';
import { FAVICON, type IconName, icon, MARK } from './icons.ts';
import { COPY_SCRIPT, SITE_SCRIPT } from './script.ts';
import { STYLE } from './style.ts';
import { LABELS, LANGUAGE, PRODUCT } from './texts.ts';
import type { Fact, Notice, Shell } from './view.ts';

/** What differs between pages. In these templates `!` marks what is HTML already; what is absent is left out. */
interface Page {
  readonly kind: 'result' | 'setup' | 'status';
  readonly title: string;
  readonly badge?: string;
  /** HTML. */
  readonly main: string;
  /** HTML at the right of the footer. */
  readonly footer?: string;
}

export function documentPage({ kind, title, badge, main, footer = '' }: Page): string {
  return html`<!doctype html>
<html lang="${LANGUAGE}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title} · ${PRODUCT}</title>
<link rel="icon" href="!${FAVICON}">
<style>!${STYLE}</style>
</head>
<body class="${kind}">
<header>!${MARK}${PRODUCT}!${badge && html`<span class="pill warning">${badge}</span>`}</header>
<main>
!${main}
</main>
<footer><p>!${icon('lock')}<span>${LABELS.footer}</span></p>!${footer}</footer>
<p class="unseen" role="status" id="said"></p>
<script>!${COPY_SCRIPT}</script>!${kind === 'result' ? '' : html`<script>!${SITE_SCRIPT}</script>`}
</body>
</html>
`;
}

/** A page of the local site. `data` are the sentences that its script may need. */
export function sitePage(
  kind: 'setup' | 'status',
  title: string,
  main: string,
  { csrf }: Shell,
  data: Readonly<Record<string, unknown>>,
): string {
  const hidden = html`<input type="hidden" name="_csrf" value="${csrf}">`;
  // The buttons of what a script replaces belong to this form, so that the token stays outside.
  const act = kind === 'status' ? html`<form method="post" action="status" id="act">!${hidden}</form>` : '';
  return documentPage({
    kind,
    title,
    main: html`<p class="notice failure" id="lost" role="alert" hidden></p>!${main}!${act}<template id="texts" data-texts="${JSON.stringify(data)}"></template>`,
    footer: html`<form method="post" action="stop">!${hidden}<button class="link">${LABELS.stop}</button></form>`,
  });
}

/** The result of the last button. It takes the focus, so that it is heard and in sight. */
export function noticeBox({ tone, text }: Notice): string {
  return html`<div class="notice ${tone}" role="status" id="notice" tabindex="-1" autofocus>!${icon(tone === 'success' ? 'check' : 'triangle')}<p>${text}</p></div>`;
}

export interface Drawing {
  readonly tone: 'success' | 'warning' | 'failure' | 'waiting' | 'empty';
  readonly state: IconName;
  /** Whose account it leads to, or what stands in its place. */
  readonly end: IconName | { readonly account: string };
}

/** Terminal, state, account. It only repeats what the words say. */
export function drawing({ tone, state, end }: Drawing): string {
  const shown =
    typeof end === 'string'
      ? html`<span class="end">!${icon(end)}</span>`
      : html`<span class="end known">${initial(end.account)}</span>`;
  return html`<div class="drawing ${tone}" aria-hidden="true"><span class="tile">!${icon('terminal')}</span><span class="wire"></span><span class="state">!${icon(state)}</span><span class="wire"></span>!${shown}</div>`;
}

export function initial(account: string): string {
  return account.charAt(0).toUpperCase();
}

/** A text to copy; `plain` for what is not typed at a prompt. */
export function commandBox(text: string, { plain = false } = {}): string {
  return html`<div class="command!${plain ? ' plain' : ''}"><code>!${plain ? breakable(text) : html`${text}`}</code>!${copyButton(text, LABELS.copy, 'button copy')}</div>`;
}

/** Without the script it is absent. */
export function copyButton(text: string, label: string, className: string): string {
  return html`<button type="button" class="${className} js-only" data-copy="${text}" data-copied="${LABELS.copied}">!${icon('copy')}<span>${label}</span></button>`;
}

export function factList(facts: readonly Fact[]): string {
  if (facts.length === 0) return '';
  const rows = facts.map(({ label, value, code, after = '' }) => {
    const shown = code ? html`<code>!${breakable(value)}</code>` : html`${value}`;
    return html`<div><dt>${label}</dt><dd>!${shown}${after}</dd></div>`;
  });
  return html`<dl class="facts">!${rows}</dl>`;
}

/** A card's foot that unfolds. */
export function fold(summary: string, inside: string, { id = '', of = '' } = {}): string {
  return html`<details class="fold" id="${id}"><summary><span>${summary}!${unseen(of)}</span>!${CHEVRON}</summary><div>!${inside}</div></details>`;
}

export const CHEVRON = icon('chevron').replace('<svg', '<svg class="chevron"');

/** Words for those who hear the page. */
export function unseen(words: string): string {
  return words === '' ? '' : html`<span class="unseen"> ${words}</span>`;
}

/** A link that opens beside the page. */
export function newTab(url: string, label: string, className: string, of = ''): string {
  return html`<a class="${className}" href="${url}" target="_blank" rel="noreferrer">${label}!${className === 'link' ? '' : icon('open')}!${unseen(`${of} ${LABELS.newTab}`.trim())}</a>`;
}

/** A long name that breaks only after `/ . _ - @`. */
export function breakable(text: string): string {
  return text
    .split(/(?<=[/._@-])(?=.)/)
    .map((part) => html`${part}`)
    .join('<wbr>');
}
