import { html } from 'ghtml';
import type { SetupError, SetupField } from './site-view.ts';

interface FieldOptions {
  readonly name: SetupField;
  readonly label: string;
  readonly hint?: string;
  /** Those of the whole form. */
  readonly errors: readonly SetupError[];
  /** The control's HTML around the attributes that tie it to its label, hint and error. */
  readonly control: (attributes: string) => string;
}

/** A labelled field with its hint and its errors, tied together for those who hear the page. */
export function field({ name, label, hint, errors, control }: FieldOptions): string {
  const wrong = errors.filter((error) => error.field === name).map(({ text }) => text);
  const described = [...(hint === undefined ? [] : [`${name}-hint`]), ...(wrong.length === 0 ? [] : [`${name}-error`])];
  const attributes = html`id="${name}" name="${name}" !${described.length === 0 ? '' : html`aria-describedby="${described.join(' ')}"`} !${wrong.length === 0 ? '' : 'aria-invalid="true"'}`;
  return html`<div class="field"><label for="${name}">${label}</label>!${hint === undefined ? '' : html`<p class="hint" id="${name}-hint">${hint}</p>`}!${wrong.length === 0 ? '' : html`<p class="error" id="${name}-error">${wrong.join(' ')}</p>`}!${control(attributes)}</div>`;
}
