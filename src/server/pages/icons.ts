import { html } from 'ghtml';

const circle = (inside: string) => `<circle cx="12" cy="12" r="9"/>${inside}`;

/** Drawn on a grid of 24. */
const ICONS = {
  arrow: '<path d="M4 12h16m-6-6 6 6-6 6"/>',
  check: '<path d="m5 12.5 4.5 4.5L19 7.5"/>',
  chevron: '<path d="m9 5 7 7-7 7"/>',
  clock: circle('<path d="M12 7v5l3 2"/>'),
  copy: '<rect x="9" y="9" width="11" height="11" rx="2"/><path d="M15 9V6a2 2 0 0 0-2-2H6a2 2 0 0 0-2 2v7a2 2 0 0 0 2 2h3"/>',
  cross: '<path d="m7 7 10 10M17 7 7 17"/>',
  ended: circle('<path d="m9.2 9.2 5.6 5.6m0-5.6-5.6 5.6"/>'),
  file: '<path d="M13.5 3H7a2 2 0 0 0-2 2v14a2 2 0 0 0 2 2h10a2 2 0 0 0 2-2V8.5z"/><path d="M13.5 3v5.500H19"/>',
  globe: circle('<path d="M3 12h18M12 3c5 5 5 13 0 18M12 3c-5 5-5 13 0 18"/>'),
  heart: '<path d="M12 20C5 15 3.5 12 3.5 9a4.5 4.5 0 0 1 8.5-2 4.5 4.5 0 0 1 8.5 2c0 3-1.5 6-8.5 11z"/>',
  info: circle('<path d="M12 11v5m0-8.5v.1"/>'),
  lock: '<rect x="5" y="11" width="14" height="9" rx="2"/><path d="M8 11V8a4 4 0 0 1 8 0v3"/>',
  notice: '<path d="M12 6v7m0 4v.1"/>',
  open: '<path d="M6 18 18 6M8.5 6H18v9.5"/>',
  person: '<circle cx="12" cy="8" r="4"/><path d="M5 20c.5-4 3-6 7-6s6.5 2 7 6"/>',
  plus: '<path d="M12 5v14M5 12h14"/>',
  renew: '<path d="M20 5v5h-5M4 19v-5h5M5.5 9.500A7 7 0 0 1 18.5 8L20 10M18.5 14.500A7 7 0 0 1 5.5 16L4 14"/>',
  save: '<path d="M12 3v12m-5-5 5 5 5-5M3 15v4a2 2 0 0 0 2 2h14a2 2 0 0 0 2-2v-4"/>',
  search: '<circle cx="11" cy="11" r="6.5"/><path d="m20 20-4.3-4.3"/>',
  shield: '<path d="M12 3 5 6v5c0 4.5 3 7.5 7 10 4-2.5 7-5.5 7-10V6z"/><path d="m9 11.5 2.2 2.2 4-4.2"/>',
  tab: '<rect x="3.5" y="4.5" width="17" height="15" rx="2.5"/><path d="M3.5 9h17M7 6.800h.1"/>',
  terminal: '<path d="m6 7 5 5-5 5"/><path d="M12.5 17.500h6"/>',
  triangle: '<path d="M12 4 2.8 19.500h18.400z"/><path d="M12 10v4.500m0 2.400v.1"/>',
} as const;

export type IconName = keyof typeof ICONS;

/** An icon, always beside words: hidden from those who hear the page. */
export function icon(name: IconName): string {
  return `<svg viewBox="0 0 24 24" aria-hidden="true">${ICONS[name]}</svg>`;
}

const PULSE = `<path d="M4.5 17h4.2M22.6 9l2.8 8h2.1" stroke-width="2.5" opacity=".5"/><path d="m8.7 17 5 6.200L22.6 9" stroke-width="3.2"/>`;

/** The product's mark: a pulse whose beat is a check mark. */
export const MARK = html`<svg class="mark" viewBox="0 0 32 32" aria-hidden="true"><rect width="32" height="32" rx="9" fill="var(--accent)" stroke="none"/>!${PULSE}</svg>`;

/** The mark as an address, so that a browser need not ask for /favicon.ico. */
export const FAVICON = `data:image/svg+xml,${encodeURIComponent(
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32" fill="none" stroke="#fff" stroke-linecap="round" stroke-linejoin="round"><rect width="32" height="32" rx="9" fill="#0a6b5c" stroke="none"/>${PULSE}</svg>`,
)}`;
