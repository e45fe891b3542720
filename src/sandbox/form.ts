/** A control of a form as a browser would know it. */
export interface Field {
  readonly kind: 'hidden' | 'checkbox' | 'option' | 'button';
  readonly name: string;
  readonly value: string;
  /** Of an option: comes chosen. */
  readonly selected?: true;
}

/** The one form of a page. */
export interface Form {
  readonly action: string;
  readonly fields: readonly Field[];
}

const TAG = /<(form|input|select|option|button)\b([^>]*)>/g;
const ATTRIBUTE = /([a-z-]+)="([^"]*)"/g;
const ENTITY = /&(?:#(\d+)|(amp|lt|gt|quot));/g;
const NAMED: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"' };

/**
 * Reads the form out of a page as the sandbox writes them: attributes in double quotes, one form.
 * `undefined` where the page has none.
 */
export function readForm(page: string): Form | undefined {
  let action: string | undefined;
  let select = '';
  const fields: Field[] = [];
  for (const [, tag, source = ''] of page.matchAll(TAG)) {
    const attributes = new Map([...source.matchAll(ATTRIBUTE)].map(([, name, value]) => [name, decode(value ?? '')]));
    const name = attributes.get('name') ?? '';
    const value = attributes.get('value') ?? '';
    if (tag === 'form') action = attributes.get('action');
    if (tag === 'select') select = name;
    if (tag === 'option') {
      fields.push({ kind: 'option', name: select, value, ...(attributes.has('selected') ? { selected: true } : {}) });
    }
    if (tag === 'button') fields.push({ kind: 'button', name, value });
    if (tag === 'input')
      fields.push({ kind: attributes.get('type') === 'checkbox' ? 'checkbox' : 'hidden', name, value });
  }
  return action === undefined ? undefined : { action, fields };
}

function decode(text: string): string {
  return text.replace(ENTITY, (_, digits: string | undefined, name: string | undefined) =>
    digits === undefined ? (NAMED[name ?? ''] ?? '') : String.fromCodePoint(Number(digits)),
  );
}
