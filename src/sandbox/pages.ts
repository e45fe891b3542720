import { createHash } from 'node:crypto';
import type { FastifyReply } from 'fastify';
import { html } from 'ghtml';
import { NAMES, type Service } from './wire.ts';

/** A page of the sandbox. */
export interface Page {
  readonly title: string;
  /** The service that the page simulates. Default: both. */
  readonly service?: Service;
  /** HTML of the escaping tag, to stand in `main`. */
  readonly main: string;
  readonly wide?: boolean;
  /** Where a form's redirect may lead, beside this origin. */
  readonly leadsTo?: string;
}

/** The whole style, in the page itself: its hash is what the Content-Security-Policy allows. */
const STYLE = `
:root {
  color-scheme: light dark;
  --bg: #f6f7f4; --card: #ffffff; --well: #f2f4f0; --line: #e1e5df; --edge: #7c8883; --soft: #55635e; --ink: #14201d;
  --accent: #0a6b5c; --on-accent: #ffffff; --warn: #875000; --warn-tint: #fbf0dc; --fail: #b0281f; --fail-tint: #fcebe8;
}
@media (prefers-color-scheme: dark) {
  :root {
    --bg: #0d1211; --card: #151b19; --well: #1c2421; --line: #27302d; --edge: #6f7e79; --soft: #9caaa5; --ink: #e8efec;
    --accent: #62d0bb; --on-accent: #04211b; --warn: #e9b968; --warn-tint: #2d2413; --fail: #ff9d91; --fail-tint: #361b18;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--bg); color: var(--ink); font: .9375rem/1.375rem system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", Arial, sans-serif; }
.page { max-width: 34rem; margin: 0 auto; padding: 2rem clamp(1rem, 4vw, 2rem) 1.5rem; }
.page.wide { max-width: 64rem; }
header { display: flex; align-items: center; gap: .625rem; margin-bottom: 1rem; font-weight: 600; }
.badge { margin-left: auto; padding: .1875rem .625rem; border: 1px solid var(--warn); border-radius: 99rem; background: var(--warn-tint); color: var(--warn); font-size: .8125rem; line-height: 1.125rem; }
main { padding: clamp(1.25rem, 4vw, 2rem); background: var(--card); border: 1px solid var(--line); border-radius: 1rem; }
h1 { margin: 0 0 .5rem; font-size: 1.75rem; line-height: 1.2; font-weight: 600; text-wrap: balance; overflow-wrap: break-word; }
h2, legend, .who { display: block; margin: 2rem 0 .75rem; padding: 0; font-size: 1.0625rem; line-height: 1.5rem; font-weight: 600; }
p { margin: 0 0 1rem; }
main > :last-child { margin-bottom: 0; }
.lead, .soft, dt, footer, .scopes code, th { color: var(--soft); }
.lead { font-size: 1.0625rem; line-height: 1.625rem; }
code { font: .8125rem/1.25rem ui-monospace, "SF Mono", "Cascadia Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; font-variant-ligatures: none; overflow-wrap: anywhere; }
dl { display: grid; grid-template-columns: 7rem 1fr; gap: .5rem; margin: 1.5rem 0 0; padding: .75rem 1rem; background: var(--well); border-radius: .75rem; }
dd { margin: 0; overflow-wrap: anywhere; }
fieldset { margin: 2rem 0 0; padding: 0; border: 0; min-width: 0; }
.scopes { list-style: none; margin: 0; padding: 0; }
.scopes li { border-top: 1px solid var(--line); }
.scopes label { display: flex; gap: .75rem; padding: .625rem 0; cursor: pointer; }
.scopes code { display: block; }
input[type=checkbox] { flex: none; width: 1.25rem; height: 1.25rem; margin: .0625rem 0; accent-color: var(--accent); }
select, button { min-height: 2.75rem; padding: 0 .75rem; border: 1px solid var(--edge); border-radius: .5rem; background: var(--card); color: var(--ink); font: inherit; }
select { width: 100%; }
.actions { display: flex; gap: .75rem; margin-top: 1.5rem; }
button { flex: 1; font-weight: 600; cursor: pointer; }
button[value=allow] { border-color: var(--accent); background: var(--accent); color: var(--on-accent); }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
.notice { padding: .75rem 1rem; border-radius: .75rem; background: var(--fail-tint); color: var(--fail); }
footer { margin-top: 1.25rem; font-size: .8125rem; line-height: 1.125rem; }
table { width: 100%; border-collapse: collapse; font-size: .875rem; line-height: 1.25rem; }
table + table { margin-top: 1.5rem; }
th, td { padding: .5rem .75rem .5rem 0; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; }
@media (max-width: 36rem) {
  dl { grid-template-columns: 1fr; gap: 0; }
  dd + dt { margin-top: .5rem; }
  thead { display: none; }
  table, tbody, tr, td { display: block; }
  tr { padding: .5rem 0; border-bottom: 1px solid var(--line); }
  td { padding: 0; border: 0; }
}
`;

const STYLE_HASH = `'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`;

const MARK = html`<svg width="24" height="24" viewBox="0 0 32 32" fill="none" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true"><rect width="32" height="32" rx="9" fill="var(--accent)"/><path d="M4.5 17h4.2M22.6 9l2.8 8h2.1" stroke="var(--on-accent)" stroke-width="2.5" opacity=".5"/><path d="m8.7 17 5 6.2L22.6 9" stroke="var(--on-accent)" stroke-width="3.2"/></svg>`;

/** Sends a page that loads nothing, runs nothing and cannot be framed. */
export function sendPage(
  reply: FastifyReply,
  status: number,
  { title, service, main, wide = false, leadsTo }: Page,
): FastifyReply {
  const policy = [
    "default-src 'none'",
    `style-src ${STYLE_HASH}`,
    // Chromium applies this rule to the redirect that follows a form, too.
    `form-action 'self'${leadsTo === undefined ? '' : ` ${source(leadsTo)}`}`,
    "frame-ancestors 'none'",
    "base-uri 'none'",
  ];
  const simulates = service === undefined ? 'Fitbit or Google' : NAMES[service];
  return reply
    .code(status)
    .headers({ 'content-security-policy': policy.join('; '), 'referrer-policy': 'same-origin' })
    .type('text/html; charset=utf-8')
    .send(html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} · Sandbox</title>
<style>!${STYLE}</style>
</head>
<body>
<div class="page${wide ? ' wide' : ''}">
<header>!${MARK}<span>${service === undefined ? 'Sandbox' : NAMES[service]}</span><strong class="badge">Simulated</strong></header>
<main>
!${main}
</main>
<footer>fitbit-login simulates this page on your computer. It is not ${simulates}: no real account, no real data.</footer>
</div>
</body>
</html>
`);
}

const REFUSED = { fitbit: 'Fitbit rejected this request', google: 'Access blocked' } as const;

/**
 * A refused authorization request, with the line that people search the web for. It is shown here and never redirected:
 * an app whose request cannot be trusted gets nothing back.
 */
export class RefusedRequest extends Error {
  readonly status: number;
  readonly page: Page;

  /** @param about - what was sent */
  constructor(service: Service, status: number, error: string, words: string, about?: string) {
    super(words);
    this.status = status;
    const main = html`<h1>${REFUSED[service]}</h1>
<p class="lead">Error ${String(status)}: ${error}</p>
<p>${words}!${about === undefined ? '' : html`<br><code>${about}</code>`}</p>
<p class="soft">The app that sent you here is not notified. Its sign-in waits until it times out.</p>`;
    this.page = { service, title: REFUSED[service], main };
  }
}

/** A CSP source. IPv6 literals have no place in its grammar: their scheme has to do. */
function source(address: string): string {
  const { origin, protocol, hostname } = new URL(address);
  return hostname.startsWith('[') ? protocol : origin;
}
