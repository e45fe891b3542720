import { html } from 'ghtml';
import { CSRF_FIELD } from '../form.ts';
import { SCRIPT } from './before-script.ts';
import { SITE } from './before-texts.ts';
import { documentPage } from './document.ts';
import { toneMark } from './mark.ts';
import { SITE_STYLE } from './site-style.ts';
import type { Notice, PageName } from './site-view.ts';

/** What a page of the local site knows of the site around it. */
export interface Shell {
  /** The path that all pages are below. */
  readonly base: string;
  readonly page: PageName;
  /** Every page that there is. */
  readonly pages: readonly PageName[];
  /** For each form on the page. */
  readonly csrf: string;
  readonly now: Date;
  /** The result of the last button. */
  readonly notice?: Notice;
}

/** A page of the local site as a whole document. */
export function sitePage(title: string, main: string, shell: Shell): string {
  return documentPage({
    title,
    className: 'site',
    beside: shell.pages.length < 2 ? '' : navigation(shell),
    main: html`<p id="lost" role="alert" data-lost="${SITE.lost}"></p>!${noticeOf(shell)}!${main}
<p id="said" class="unseen" role="status"></p>`,
    below: html`!${postForm(shell, '/stop', html`<button class="quiet">${SITE.stop}</button>`)}`,
    style: SITE_STYLE,
    script: SCRIPT,
  });
}

/** A form by POST, with the token that every one needs. `inside` is HTML. */
export function postForm({ base, csrf }: Shell, path: string, inside: string, className = ''): string {
  return html`<form method="post" action="${base}${path}" class="${className}"><input type="hidden" name="${CSRF_FIELD}" value="${csrf}">!${inside}</form>`;
}

function navigation({ base, page, pages }: Shell): string {
  const links = pages.map((name) =>
    name === page
      ? html`<a href="${base}/${name}" aria-current="page">${SITE.pages[name]}</a>`
      : html`<a href="${base}/${name}">${SITE.pages[name]}</a>`,
  );
  return html`<nav aria-label="${SITE.navigation}">!${links}</nav>`;
}

function noticeOf({ notice }: Shell): string {
  return notice === undefined
    ? ''
    : html`<div class="notice ${notice.tone}" role="status" id="notice" tabindex="-1" autofocus>!${toneMark(notice.tone, notice.text)}</div>`;
}
