import { html } from 'ghtml';
import { STYLE } from './style.ts';
import { LABELS, LANGUAGE, PRODUCT, TONES } from './texts.ts';
import type { Fact, NextStep, View } from './view.ts';

/** A view as a whole HTML document: no script, nothing fetched, every value escaped. In these templates `!` marks what is HTML already. */
export function resultPage(view: View): string {
  return html`<!doctype html>
<html lang="${LANGUAGE}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${view.title} · ${PRODUCT}</title>
<link rel="icon" href="!${ICON}">
<style>!${STYLE}</style>
</head>
<body class="${view.tone}">
<header><b>${PRODUCT}</b>!${view.badge === undefined ? '' : html`<span class="badge">${view.badge}</span>`}</header>
<main>
<p class="tone"><svg viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">!${MARKS[view.tone]}</svg>${TONES[view.tone]}</p>
<h1>${view.title}</h1>
<p class="lead">${view.lead}</p>
!${section('facts', view.facts, (facts) => html`<dl>!${facts.map(factRow)}</dl>`)}
!${section('notes', view.notes, (notes) => html`<ul>!${notes.map((note) => html`<li>${note}</li>`)}</ul>`)}
!${section('next', view.next, (steps) => html`<ul>!${steps.map(stepItem)}</ul>`)}
</main>
<footer><p>${LABELS.footer}</p></footer>
</body>
</html>
`;
}

/** A part of the page with its heading; nothing where there is nothing to say. */
function section<T>(
  name: 'facts' | 'notes' | 'next',
  items: readonly T[],
  body: (items: readonly T[]) => string,
): string {
  if (items.length === 0) return '';
  return html`<section class="${name}" aria-labelledby="${name}"><h2 id="${name}">${LABELS[name]}</h2>!${body(items)}</section>`;
}

function factRow({ label, value }: Fact): string {
  const shown =
    typeof value === 'string' ? html`${value}` : html`<ul>!${value.map((one) => html`<li>${one}</li>`)}</ul>`;
  return html`<div><dt>${label}</dt><dd>!${shown}</dd></div>`;
}

function stepItem({ label, command }: NextStep): string {
  return html`<li><p>${label}</p><code>${command}</code></li>`;
}

/** Shapes that differ without their colours. */
const MARKS: Readonly<Record<View['tone'], string>> = {
  success: '<circle cx="12" cy="12" r="10"/><path d="m7.5 12.4 3.1 3.1 6-6.6"/>',
  warning: '<path d="M12 3 1.8 20.5h20.4z"/><path d="M12 9.5v5M12 17.6v.1"/>',
  failure: '<circle cx="12" cy="12" r="10"/><path d="m8.5 8.5 7 7m0-7-7 7"/>',
  waiting: '<circle cx="12" cy="12" r="10"/><path d="M12 6.5V12l3.6 2.2"/>',
};

// In the page itself, so that a browser need not ask for /favicon.ico.
const ICON = `data:image/svg+xml,${encodeURIComponent(
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="8" fill="#00695f"/><path d="M6 17h5l3-8 4 14 3-6h5" fill="none" stroke="#fff" stroke-width="2.6" stroke-linecap="round" stroke-linejoin="round"/></svg>',
)}`;
