import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { type Figure, quantity, span, verdict } from '../../scripts/bench/figure.ts';
import { picture } from '../../scripts/bench/picture.ts';
import { type Findings, parseReport, reportJson, reportOf } from '../../scripts/bench/report.ts';
import { reportText } from '../../scripts/bench/table.ts';

const FIGURE: Figure = {
  row: 'token',
  title: 'token, fresh',
  node: '20.19.0',
  unit: 'ms',
  statistic: 'median',
  count: 50,
  ours: { value: 46, low: 45, high: 48 },
  against: { name: 'node -e 0', value: 40, low: 39, high: 42 },
  ratio: { value: 1.15, low: 1.14, high: 1.16 },
  goal: { of: 'ratio', is: '≤', limit: 1.15 },
  peers: [
    {
      name: 'fast <&> small',
      version: '1.2.3',
      failures: 0,
      value: 30,
      low: 29,
      high: 31,
      ratio: { value: 0.75, low: 0.7, high: 0.8 },
    },
    { name: 'shaky', version: '0.2.0', failures: 2, value: 90, low: 80, high: 95 },
    { name: 'broken', version: '0.1.0', trouble: 'broken ended with 1' },
  ],
};

const FINDINGS: Findings = {
  date: '2026-03-02',
  program: '1.0.0',
  size: 'full',
  environment: 'clean',
  minutes: 7.25,
  methods: { token: 'From the start of the process to its end.' },
  figures: [FIGURE],
  missing: [{ name: 'rclone authorize', install: 'apt-get install rclone' }],
};

describe('a figure', () => {
  test.for([
    [{ goal: undefined }, 'no goal'],
    [{ ratio: { value: 1.1, low: 1.08, high: 1.15 } }, 'reached'],
    [{ ratio: { value: 1.1, low: 1.08, high: 1.16 } }, 'just reached'],
    [{ ratio: { value: 1.16, low: 1.15, high: 1.18 } }, 'just missed'],
    [{ ratio: { value: 1.2, low: 1.16, high: 1.3 } }, 'missed'],
    [{ ratio: { value: 1, low: 1, high: 1 }, goal: { of: 'ratio', is: '<', limit: 1 } }, 'missed'],
    [{ ratio: { value: 0.9, low: 0.8, high: 1 }, goal: { of: 'ratio', is: '<', limit: 1 } }, 'just reached'],
    // A goal that nothing was measured for is not reached.
    [{ ratio: undefined }, 'missed'],
    // The quartiles say how the measurements scatter, and nothing of how sure their median is.
    [{ goal: { of: 'ours', is: '≤', limit: 46 } }, 'reached'],
    [{ goal: { of: 'ours', is: '≤', limit: 45.5 } }, 'missed'],
    [{ statistic: 'p99', goal: { of: 'ours', is: '≤', limit: 46 } }, 'just reached'],
  ] as const)('%j: %s', ([change, expected]) => {
    expect(verdict({ ...FIGURE, ...change })).toBe(expected);
  });

  test.for([
    [1.234, 'ms', '1.23 ms'],
    [12.34, 'ms', '12.3 ms'],
    [1234.5, 'KiB', '1,235 KiB'],
    [1, 'packages', '1 package'],
    [84, 'packages', '84 packages'],
  ] as const)('%f %s is shown as %s', ([value, unit, expected]) => {
    expect(quantity(value, unit)).toBe(expected);
  });

  test('what has no spread shows none', () => {
    expect(span({ value: 3, low: 3, high: 3 })).toBe('');
  });
});

describe('the report', () => {
  test('comes back from its JSON, with numbers of as many digits as mean something', () => {
    const long = { ...FIGURE, ours: { value: 46.123456789, low: 45, high: 48 } };
    const report = reportOf({ ...FINDINGS, figures: [long] });
    const read = parseReport(reportJson(report));
    expect(read.figures[0]?.ours.value).toBe(46.123);
    expect({ ...read, figures: [] }).toEqual({ ...report, figures: [] });
  });

  test.for([Number.NaN, Number.POSITIVE_INFINITY])('a figure that is %f is none', (value) => {
    const report = reportOf({ ...FINDINGS, figures: [{ ...FIGURE, ours: { ...FIGURE.ours, value } }] });
    expect(() => parseReport(reportJson(report))).toThrow();
  });

  test('the table says what was reached, what could not be measured, and what is missing', () => {
    const text = reportText(reportOf(FINDINGS));
    expect(text).toMatch(
      /^token, fresh +46\.0 ms \(45\.0–48\.0\) +node -e 0 40\.0 ms +1\.15 \(1\.14–1\.16\) +≤ 1\.15 +yes, just$/m,
    );
    expect(text).toMatch(/^ {2}fast <&> small 1\.2\.3 +30\.0 ms \(29\.0–31\.0\) +0\.75 \(0\.70–0\.80\)$/m);
    expect(text).toMatch(/^ {2}shaky 0\.2\.0 +90\.0 ms \(80\.0–95\.0\) +\(failures: 2; it was asked again\)$/m);
    expect(text).toMatch(/^ {2}broken 0\.1\.0 +not measured: broken ended with 1$/m);
    expect(text).toContain('NOT MEASURED, as it is not here: rclone authorize (apt-get install rclone).');
  });

  test('names the Node of a figure where its row was measured under several', () => {
    const text = reportText(reportOf({ ...FINDINGS, figures: [FIGURE, { ...FIGURE, node: '24.1.0' }] }));
    expect(text).toContain('token, fresh, Node 20');
    expect(text).toContain('token, fresh, Node 24');
  });

  test('says where a run was made in an environment of its own', () => {
    expect(reportText(reportOf({ ...FINDINGS, environment: 'own' }))).toContain('In the environment of whoever ran it');
    expect(reportText(reportOf(FINDINGS))).not.toContain('environment');
  });

  test('a quick run says that it is one', () => {
    expect(reportText(reportOf({ ...FINDINGS, size: 'quick' }))).toContain('A QUICK RUN');
  });
});

describe('the picture', () => {
  const marks = (figure: Partial<Figure>) => {
    const svg = picture(reportOf({ ...FINDINGS, figures: [{ ...FIGURE, peers: [], ...figure }] }));
    const [, goal] = /class="goal" d="M([\d.]+)/.exec(svg) ?? [];
    const [, ours] = /class="mark" cx="([\d.]+)" cy="29"/.exec(svg) ?? [];
    return { goal: Number(goal), ours: Number(ours) };
  };

  test.for([
    [0.5, -1],
    [1.15, 0],
    [2.5, 1],
    [1_000, 1],
  ] as const)('a ratio of %f lies at side %i of what is to be reached', ([value, side]) => {
    const { goal, ours } = marks({ ratio: { value, low: value, high: value } });
    expect(Math.sign(ours - goal)).toBe(side);
    expect(ours).toBeLessThanOrEqual(720);
  });

  test('a growth that came out below nothing does not leave it', () => {
    const { ours } = marks({ ratio: { value: -3, low: -4, high: 1 } });
    expect(ours).toBeGreaterThanOrEqual(0);
  });

  test('takes names for text', () => {
    const svg = picture(reportOf(FINDINGS));
    expect(svg).toContain('fast &#60;&#38;&#62; small');
    expect(svg).not.toContain('fast <');
  });

  test('leaves out what could not be measured, and what has nothing to reach', () => {
    const { goal: _goal, ...without } = { ...FIGURE, title: 'aimless' };
    const svg = picture(reportOf({ ...FINDINGS, figures: [FIGURE, without] }));
    expect(svg).not.toContain('broken');
    expect(svg).not.toContain('aimless');
  });
});

describe('the figures in docs/', () => {
  const report = parseReport(readFileSync('docs/bench.json', 'utf8'));
  const figuresOf = (row: string, node: RegExp) =>
    report.figures.filter((figure) => figure.row === row && node.test(figure.node));
  const install = (title: string) => figuresOf('install', /./).find((figure) => figure.title === title)?.ours.value;

  test('are of a whole run in a clean environment, and the picture is of them', () => {
    expect(report).toMatchObject({ size: 'full', environment: 'clean', missing: [] });
    expect(readFileSync('docs/images/bench.svg', 'utf8')).toBe(picture(report));
  });

  test('are what the README says of them', () => {
    const [onNode20] = figuresOf('token', /^20\./);
    expect(onNode20).toMatchObject({ against: { name: 'node -e 0' } });
    expect(onNode20?.ratio?.value).toBeCloseTo(1.2, 1);
    const besideGh = figuresOf('token', /^24\./).find(({ against }) => against?.name === 'gh auth token');
    expect(besideGh?.ratio?.value).toBeLessThan(1);
    expect(install('an install: packages')).toBe(1);
    expect((install('an install: size') ?? 0) / 1024).toBeCloseTo(2, 0);
  });

  test('fall short where docs/speed.md says why, and nowhere else', () => {
    const page = readFileSync('docs/speed.md', 'utf8');
    const explained = [...page.matchAll(/^- \*\*(.*?)\.?\*\*/gm)].map(([, title]) => title);
    const missed = report.figures.filter(({ verdict }) => verdict.endsWith('missed'));
    const EXPLAINED: Readonly<Record<string, string>> = {
      'token, fresh, whole process': '`token` on Node 20',
      'login: start → listening': 'From the start to listening, on Node 20',
      'redirect → page complete': 'From the redirect to the page',
      'login: peak memory, waiting': 'Memory of a waiting `login`',
    };
    expect(missed.map(({ title }) => EXPLAINED[title])).toEqual(explained);
    expect(missed.filter(({ node }) => !node.startsWith('20.'))).toEqual([]);
  });
});
