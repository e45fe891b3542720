import { html } from 'ghtml';
import { STYLE } from './before-style.ts';
import { LABELS, LANGUAGE, PRODUCT } from './before-texts.ts';

/** The parts that differ between pages. Every one but `title` and `badge` is HTML already. */
export interface Parts {
  readonly title: string;
  readonly className: string;
  readonly badge?: string | undefined;
  /** Beside the product's name. */
  readonly beside?: string;
  readonly main: string;
  /** Below the footer's sentence. */
  readonly below?: string;
  /** A further style sheet. */
  readonly style?: string;
  readonly script?: string;
}

/** A whole HTML document around a page's own part. In these templates `!` marks what is HTML already. */
export function documentPage({ title, className, badge, beside = '', main, below = '', style, script }: Parts): string {
  return html`<!doctype html>
<html lang="${LANGUAGE}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title} · ${PRODUCT}</title>
<link rel="icon" href="!${ICON}">
<style>!${STYLE}</style>!${style === undefined ? '' : html`<style>!${style}</style>`}
</head>
<body class="${className}">
<header><b>${PRODUCT}</b>!${badge === undefined ? '' : html`<span class="badge">${badge}</span>`}!${beside}</header>
<main>
!${main}
</main>
<footer><p>${LABELS.footer}</p>!${below}</footer>!${script === undefined ? '' : html`<script>!${script}</script>`}
</body>
</html>
`;
}

// In the page itself, so that a browser need not ask for /favicon.ico.
const ICON = `data:image/svg+xml,${encodeURIComponent(
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="8" fill="#00695f"/><path d="M6 17h5l3-8 4 14 3-6h5" fill="none" stroke="#fff" stroke-width="2.6" stroke-linecap="round" stroke-linejoin="round"/></svg>',
)}`;
