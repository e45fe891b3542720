import { html } from 'ghtml';

interface View {
  readonly tone: 'success' | 'warning' | 'failure' | 'waiting';
}

/** How something stands: a shape that differs without its colour, and words. */
export function toneMark(tone: View['tone'], words: string): string {
  return html`<p class="tone"><svg viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">!${MARKS[tone]}</svg>${words}</p>`;
}

const MARKS: Readonly<Record<View['tone'], string>> = {
  success: '<circle cx="12" cy="12" r="10"/><path d="m7.5 12.4 3.1 3.1 6-6.6"/>',
  warning: '<path d="M12 3 1.8 20.5h20.4z"/><path d="M12 9.5v5M12 17.6v.1"/>',
  failure: '<circle cx="12" cy="12" r="10"/><path d="m8.5 8.5 7 7m0-7-7 7"/>',
  waiting: '<circle cx="12" cy="12" r="10"/><path d="M12 6.5V12l3.6 2.2"/>',
};
