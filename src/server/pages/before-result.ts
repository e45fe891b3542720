import { html } from 'ghtml';

interface Fact {
  readonly label: string;
  readonly value: string | readonly string[];
}

/** A row of a `dl`; several values become a list. */
export function factRow({ label, value }: Fact): string {
  const shown =
    typeof value === 'string' ? html`${value}` : html`<ul>!${value.map((one) => html`<li>${one}</li>`)}</ul>`;
  return html`<div><dt>${label}</dt><dd>!${shown}</dd></div>`;
}
