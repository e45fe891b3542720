import { describe, expect, test } from 'vitest';
import { historyOf } from '../../src/usecases/history.ts';

const line = (minute: number, fields: Readonly<Record<string, unknown>>) =>
  JSON.stringify({
    level: 'info',
    time: `2026-03-02T09:${String(minute).padStart(2, '0')}:00.000Z`,
    profile: 'default',
    ...fields,
  });

describe('the history in a log', () => {
  test('is each profile’s own, newest first, in words for a person', () => {
    const log = [
      line(1, { event: 'sign_in', msg: 'Signed in' }),
      line(2, { event: 'refresh', msg: 'Refreshed' }),
      line(3, { event: 'sign_in', profile: 'partner' }),
      line(4, { event: 'refresh_failed', error_code: 'UNAVAILABLE', msg: 'Fitbit cannot be reached.' }),
    ].join('\n');
    const history = historyOf(log);
    expect([...history.keys()].sort()).toEqual(['default', 'partner']);
    expect(history.get('default')).toEqual([
      {
        at: new Date('2026-03-02T09:04:00Z'),
        profile: 'default',
        kind: 'refresh_failed',
        code: 'UNAVAILABLE',
        ok: false,
        words: 'Refresh failed: Fitbit cannot be reached.',
      },
      expect.objectContaining({ kind: 'refresh', ok: true, words: 'Access token refreshed' }),
      expect.objectContaining({ kind: 'sign_in', ok: true, words: 'Signed in' }),
    ]);
  });

  test.each([
    ['a line that a crash cut off', line(1, { event: 'refresh' }).slice(0, 40)],
    ['a line of something else', line(1, { event: 'stray_request', reason: 'no-state' })],
    ['a request to a page', line(1, { msg: 'incoming request', req: { method: 'GET' } })],
    ['an event of no profile', line(1, { event: 'refresh', profile: undefined })],
    ['an event that is named as what every object has', line(1, { event: 'constructor' })],
    ['a time that is none', line(1, { event: 'refresh', time: 'yesterday' })],
    ['JSON that is no object', 'null'],
    ['an empty line', ''],
  ])('passes over %s', (_what, damaged) => {
    const history = historyOf([line(1, { event: 'sign_in' }), damaged, line(2, { event: 'refresh' })].join('\n'));
    expect(history.get('default')?.map(({ kind }) => kind)).toEqual(['refresh', 'sign_in']);
  });

  test('keeps the newest few of each profile', () => {
    const log = Array.from({ length: 30 }, (_, minute) => line(minute, { event: 'refresh' })).join('\n');
    const kept = historyOf(log, 3).get('default') ?? [];
    expect(kept.map(({ at }) => at.getUTCMinutes())).toEqual([29, 28, 27]);
    expect(historyOf(log).get('default')).toHaveLength(10);
  });
});
