import type { FastifyReply } from 'fastify';
import { html } from 'ghtml';
import { breakable, commandBox, type Drawing, documentPage, drawing, factList, fold } from './html.ts';
import { icon } from './icons.ts';
import { LABELS, NOT_MOVING } from './texts.ts';
import type { IconLine, Link, View } from './view.ts';

/** A result page: drawing, title, account or sentence, icon lines, the one thing to do, details. */
export function resultPage(view: View): string {
  const { title, lines = [], facts = [], badge } = view;
  const main = html`<div class="card"><div class="pad">
!${drawing(drawingOf(view))}
<h1>${title}</h1>
!${who(view)}
!${lines.length === 0 ? '' : html`<ul class="lines">!${lines.map(iconLine)}</ul>`}
!${action(view)}
</div>!${facts.length === 0 ? '' : fold(LABELS.details, factList(facts))}</div>`;
  return documentPage({ kind: 'result', title, badge, main });
}

export function sendPage(reply: FastifyReply, status: number, view: View): FastifyReply {
  return sendHtml(reply, status, resultPage(view));
}

export function sendHtml(reply: FastifyReply, status: number, page: string): FastifyReply {
  return reply.code(status).type('text/html; charset=utf-8').send(page);
}

function drawingOf({ tone, account, leaving, otherBrowser }: View): Drawing {
  if (leaving !== undefined) return { tone: 'success', state: 'arrow', end: 'heart' };
  const end = account === undefined ? (tone === 'waiting' ? 'globe' : 'heart') : { account: account.name };
  const state = otherBrowser ? 'lock' : STATES[tone];
  return { tone, state, end };
}

const STATES = { success: 'check', warning: 'notice', failure: 'cross', waiting: 'clock' } as const;

function who({ account, lead, leaving, lines }: View): string {
  if (leaving !== undefined)
    return html`<p class="lead">${lines === undefined ? NOT_MOVING : ''} !${link(leaving)}</p>`;
  if (account === undefined) return lead ? html`<p class="lead">${lead}</p>` : '';
  const { name, provider } = account;
  // Beside each other only where both surely fit on a line.
  const long = name.length + provider.length > 36;
  return html`<p class="account!${long ? ' long' : ''}"><b>!${breakable(name)}</b> <span>${provider}</span></p>`;
}

function iconLine({ icon: name, text }: IconLine): string {
  const parts = typeof text === 'string' ? [text] : text;
  const words = parts.map((part) => (typeof part === 'string' ? html`${part}` : link(part))).join('');
  return html`<li class="!${name === 'renew' ? 'tinted' : ''}">!${icon(name)}<span>!${words}</span></li>`;
}

function link({ label, url }: Link): string {
  return html`<a href="${url}">${label}</a>`;
}

function action({ button, command }: View): string {
  if (button !== undefined)
    return html`<p class="action"><a class="button primary" href="${button.url}">${button.label}</a></p>`;
  if (command === undefined) return '';
  return html`<div class="action"><p class="label">${command.label}</p>!${commandBox(command.command)}</div>`;
}
