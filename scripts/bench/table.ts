import { table } from '../../src/cli/print.ts';
import { quantity, span, type Verdict } from './figure.ts';
import type { Report } from './report.ts';

type Figure = Report['figures'][number];

const HEADINGS = ['what', 'ours', 'against', 'ratio', 'to reach', 'reached?'];

const VERDICT_WORDS: Readonly<Record<Verdict, string>> = {
  reached: 'yes',
  'just reached': 'yes, just',
  'just missed': 'NO, just',
  missed: 'NO',
  'no goal': '',
};

/** A run as text: what was measured, the peers, what is not there. */
export function reportText(report: Report): string {
  const { figures, missing, size, environment, minutes } = report;
  return [
    runText(report),
    ...(size === 'quick' ? ['A QUICK RUN: it shows that everything can be measured, and nothing else.'] : []),
    ...(environment === 'own' ? ['In the environment of whoever ran it, and not in a clean one.'] : []),
    '',
    table([HEADINGS, ...figures.map((figure) => line(figure, report))]),
    '',
    'Medians: with quartiles for what was measured, with the 95 % interval for ratios (and for the p99).',
    '“Just”: by that interval, another run may say otherwise.',
    ...figures.flatMap((figure) => peersText(figure, report)),
    '',
    ...missing.map(({ name, install }) => `NOT MEASURED, as it is not here: ${name} (${install}).`),
    `Took ${minutes.toFixed(1)} minutes.`,
  ].join('\n');
}

/** What ran where and when. */
export function runText({ program, date, machine, figures }: Report): string {
  const { cores, memory_gib, platform, arch } = machine;
  const nodes = [...new Set(figures.map(({ node }) => node))].join(' and ');
  return `fitbit-login ${program}, ${date}; Node ${nodes}; ${cores} cores, ${memory_gib} GiB, ${platform} ${arch}`;
}

/** With the Node, where the same row was measured under several. */
export function titleOf({ title, node, row }: Figure, { figures }: Report): string {
  const isOnly = figures.every((other) => other.row !== row || other.node === node);
  return isOnly ? title : `${title}, Node ${Number.parseInt(node, 10)}`;
}

/** `≤ 1.15`, or `≤ 6 ms`. */
export function goalText({ goal, unit }: Figure): string {
  if (goal === undefined) return '';
  const { of, is, limit } = goal;
  return `${is} ${limit.toLocaleString('en')}${of === 'ratio' ? '' : ` ${unit}`}`;
}

function line(figure: Figure, report: Report): readonly string[] {
  const { ours, unit, against, ratio } = figure;
  return [
    titleOf(figure, report),
    withSpan(quantity(ours.value, unit), span(ours)),
    against === undefined ? '' : `${against.name} ${quantity(against.value, unit)}`,
    ratio === undefined ? '' : withSpan(ratio.value.toFixed(2), span(ratio)),
    goalText(figure),
    VERDICT_WORDS[figure.verdict],
  ];
}

function peersText(figure: Figure, report: Report): readonly string[] {
  const { peers, against, unit } = figure;
  if (peers.length === 0) return [];
  const lines = peers.map((peer) => {
    const name = `  ${peer.name} ${peer.version}`;
    if ('trouble' in peer) return [name, `not measured: ${peer.trouble}`];
    const { ratio, failures } = peer;
    const times = ratio === undefined ? '' : withSpan(ratio.value.toFixed(2), span(ratio));
    const again = failures === 0 ? '' : `(failures: ${failures}; it was asked again)`;
    return [name, withSpan(quantity(peer.value, unit), span(peer)), times, again];
  });
  const measure = against === undefined ? '' : ` (ratio: to ${against.name})`;
  return ['', `Peers: ${titleOf(figure, report)}${measure}`, table(lines)];
}

function withSpan(value: string, spread: string): string {
  return spread === '' ? value : `${value} (${spread})`;
}
