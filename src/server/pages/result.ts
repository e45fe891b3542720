import { html } from 'ghtml';
import { documentPage } from './document.ts';
import { toneMark } from './mark.ts';
import { LABELS, TONES } from './texts.ts';
import type { Fact, NextStep, View } from './view.ts';

/** A view as a whole HTML document: no script, nothing fetched, every value escaped. */
export function resultPage(view: View): string {
  const main = html`!${toneMark(view.tone, TONES[view.tone])}
<h1>${view.title}</h1>
<p class="lead">${view.lead}</p>
!${view.back === undefined ? '' : html`<p class="back"><a class="button" href="${view.back.url}">${view.back.label}</a></p>`}
!${section('facts', view.facts, (facts) => html`<dl>!${facts.map(factRow)}</dl>`)}
!${section('notes', view.notes, (notes) => html`<ul>!${notes.map((note) => html`<li>${note}</li>`)}</ul>`)}
!${section('next', view.next, (steps) => html`<ul>!${steps.map(stepItem)}</ul>`)}`;
  return documentPage({ title: view.title, className: view.tone, badge: view.badge, main });
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

/** A row of a `dl`; several values become a list. */
export function factRow({ label, value }: Fact): string {
  const shown =
    typeof value === 'string' ? html`${value}` : html`<ul>!${value.map((one) => html`<li>${one}</li>`)}</ul>`;
  return html`<div><dt>${label}</dt><dd>!${shown}</dd></div>`;
}

function stepItem({ label, command }: NextStep): string {
  return html`<li><p>${label}</p><code>${command}</code></li>`;
}
