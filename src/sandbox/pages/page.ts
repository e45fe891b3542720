import { createHash } from 'node:crypto';
import type { FastifyReply } from 'fastify';
import { html } from 'ghtml';
import { NAMES, type Service } from '../service.ts';
import { STYLE } from './style.ts';

/** A page of the sandbox. */
export interface Page {
  readonly title: string;
  /** Which service the page pretends to be of. Default: both. */
  readonly service?: Service;
  /** HTML of the escaping tag, to stand in `main`. */
  readonly main: string;
  readonly wide?: boolean;
  /** Where a form's redirect may lead, beside this origin. */
  readonly leadsTo?: string;
}

const STYLE_HASH = `'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`;

/** Sends a page that loads nothing, runs nothing and can be framed by nobody. */
export function sendPage(
  reply: FastifyReply,
  status: number,
  { title, service, main, wide = false, leadsTo }: Page,
): FastifyReply {
  const policy = [
    "default-src 'none'",
    `style-src ${STYLE_HASH}`,
    // Chromium holds the redirect that follows a form to this rule too.
    `form-action 'self'${leadsTo === undefined ? '' : ` ${source(leadsTo)}`}`,
    "frame-ancestors 'none'",
    "base-uri 'none'",
  ];
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
<p class="banner"><strong>Sandbox.</strong> This is not ${service === undefined ? 'Fitbit or Google' : NAMES[service]}: no real account, no real data.</p>
<main class="${wide ? 'wide' : 'narrow'}">
!${main}
</main>
</body>
</html>
`);
}

/** An address as a policy's source. IPv6 literals have no place in its grammar: their scheme has to do. */
function source(address: string): string {
  const { origin, protocol, hostname } = new URL(address);
  return hostname.startsWith('[') ? protocol : origin;
}
