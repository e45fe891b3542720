import { html } from 'ghtml';
import { quantity } from './figure.ts';
import type { Report } from './report.ts';
import { goalText, runText, titleOf } from './table.ts';

type Figure = Report['figures'][number];

const WIDTH = 720;
const MARGIN = 20;
const TRACK = { from: MARGIN, to: WIDTH - MARGIN } as const;
const HEAD = 92;
const LINE = 16;
const LETTERS_A_LINE = 104;
/** Beyond these, a mark stays at the edge. */
const SMALLEST = 1 / 16;
const LARGEST = 16;
const TICKS = [1 / 8, 1 / 4, 1 / 2, 1, 2, 4, 8] as const;

/** The colours are the pages' own; the picture brings its paper along, so that it can be read on any. */
const STYLE = `
svg { --paper: #fcfcfa; --ink: #1b2023; --soft: #58636a; --line: #dfe2de; --accent: #00695f; --failure: #ab2a22; }
@media (prefers-color-scheme: dark) {
  svg { --paper: #15191b; --ink: #e7ebea; --soft: #9ba7ab; --line: #2d3437; --accent: #5ec8b8; --failure: #ff9a8d; }
}
text { font: 12px system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Helvetica Neue", Arial, sans-serif; fill: var(--soft); }
.paper { fill: var(--paper); } .word { font-weight: 600; } .title { font-size: 14px; font-weight: 600; fill: var(--ink); }
.track { stroke: var(--line); } .goal { stroke: var(--ink); stroke-width: 1.5; }
.peer { fill: var(--paper); stroke: var(--soft); stroke-width: 1.5; }
.kept .mark { fill: var(--accent); stroke: var(--accent); } .missed .mark { fill: var(--failure); stroke: var(--failure); }
.kept .word { fill: var(--accent); } .missed .word { fill: var(--failure); }
`;

/**
 * A run as a picture: each figure that has something to reach is a line, with that in its middle. Ours is filled, the peers are
 * hollow.
 */
export function picture(report: Report): string {
  let y = HEAD;
  const blocks = report.figures
    .filter(({ goal }) => goal !== undefined)
    .map((figure) => {
      const { text, height } = block(figure, report);
      const placed = html`<g transform="translate(0 !${y})">!${text}</g>`;
      y += height;
      return placed;
    });
  return `${html`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 !${WIDTH} !${y + MARGIN}" role="img" aria-labelledby="title">
<title id="title">What was measured, by what is to be reached</title>
<style>!${STYLE}</style>
<rect class="paper" width="100%" height="100%" rx="8"/>
<text x="!${MARGIN}" y="28">${runText(report)}</text>
<g class="kept"><circle class="mark" cx="!${MARGIN + 6}" cy="45" r="5.5"/><text x="!${MARGIN + 17}" y="49">fitbit-login</text>
<circle class="peer" cx="!${MARGIN + 101}" cy="45" r="4"/><text x="!${MARGIN + 111}" y="49">others; further left is less, and better</text></g>
!${TICKS.map(tick)}
!${blocks}
</svg>`}\n`;
}

function block(figure: Figure, report: Report): { readonly text: string; readonly height: number } {
  const { goal, ours, ratio, unit, verdict } = figure;
  const limit = goal?.limit ?? 1;
  const isRatio = goal?.of === 'ratio';
  const judged = isRatio ? (ratio ?? ours) : ours;
  const judgedOf = ({ value, ratio: times }: Marked) => (isRatio ? (times?.value ?? Number.NaN) : value);
  const peers = figure.peers
    .flatMap((peer) => ('trouble' in peer ? [] : [{ name: peer.name, value: judgedOf(peer) }]))
    .toSorted((a, b) => a.value - b.value);
  const words = (value: number) => (isRatio ? value.toFixed(2) : quantity(value, unit));
  const by = isRatio && figure.against !== undefined ? ` times ${figure.against.name}` : '';
  const lines = wrapped(peers.map(({ name, value }) => `${name} ${words(value)}`));
  const isKept = verdict === 'reached' || verdict === 'just reached';
  const [low, high, at] = [judged.low, judged.high, judged.value].map((value) => xOf(value / limit));
  const text = html`<g class="!${isKept ? 'kept' : 'missed'}">
<text class="title" x="!${MARGIN}" y="14">${titleOf(figure, report)}</text>
<text class="word" x="!${TRACK.to}" y="14" text-anchor="end">${words(judged.value)}${by}, to reach ${goalText(figure)}: ${verdict}</text>
<path class="track" d="M!${TRACK.from} 29H!${TRACK.to}"/><path class="goal" d="M!${xOf(1)} 21v16"/>
!${peers.map(({ name, value }) => html`<circle class="peer" cx="!${xOf(value / limit)}" cy="29" r="4"><title>${name}</title></circle>`)}
<path class="mark" stroke-width="3" d="M!${low} 29H!${high}"/><circle class="mark" cx="!${at}" cy="29" r="5.5"/>
!${lines.map((line, index) => html`<text x="!${MARGIN}" y="!${49 + index * LINE}">${line}</text>`)}
</g>`;
  return { text, height: 52 + lines.length * LINE };
}

interface Marked {
  readonly value: number;
  readonly ratio?: { readonly value: number } | undefined;
}

function tick(times: number): string {
  const label = times === 1 ? 'to reach' : times < 1 ? `1/${1 / times}` : `${times} times`;
  return html`<text x="!${xOf(times)}" y="76" text-anchor="middle">${label}</text>`;
}

/** Where so many times what is to be reached lies. Twice as much is as far to the right as half is to the left. */
function xOf(times: number): number {
  const bounded = Math.min(LARGEST, Math.max(SMALLEST, times));
  const share = Math.log(bounded / SMALLEST) / Math.log(LARGEST / SMALLEST);
  return Math.round((TRACK.from + share * (TRACK.to - TRACK.from)) * 10) / 10;
}

/** Lines of a list that fit the picture. */
function wrapped(parts: readonly string[]): readonly string[] {
  const lines: string[] = [];
  for (const part of parts) {
    const longer = `${lines.at(-1)} · ${part}`;
    if (lines.length > 0 && longer.length <= LETTERS_A_LINE) lines[lines.length - 1] = longer;
    else lines.push(part);
  }
  return lines;
}
