import {
  appendFileSync,
  chmodSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { openLog, readLog } from '../../src/log.ts';

const directory = mkdtempSync(join(tmpdir(), 'log-'));
const file = join(directory, 'log', 'events.log');
const now = () => new Date('2026-01-31T12:00:00Z');
const size = (path: string) => statSync(path, { throwIfNoEntry: false })?.size ?? 0;

afterEach(() => rmSync(join(directory, 'log'), { recursive: true, force: true }));

describe('the log file', () => {
  test('has one JSON object a line, without fields named like a secret', async () => {
    const log = await openLog({ file, now });
    log.info({ event: 'refresh', access_token: 'abc', answer: { code: 'def' } }, 'Refreshed');
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({
      level: 'info',
      time: '2026-01-31T12:00:00.000Z',
      event: 'refresh',
      access_token: '[secret]',
      answer: { code: '[secret]' },
      msg: 'Refreshed',
    });
    expect([statSync(file).mode & 0o777, statSync(join(directory, 'log')).mode & 0o777]).toEqual([0o600, 0o700]);
  });

  test('keeps its size while it is written, the newest lines last, by several writers', async () => {
    const [one, other] = [await openLog({ file, now, maxBytes: 2_000 }), await openLog({ file, now, maxBytes: 2_000 })];
    for (let count = 0; count < 200; count += 1) {
      (count % 3 === 0 ? one : other).info({ count }, 'x'.repeat(100));
      expect(size(file)).toBeLessThanOrEqual(2_000);
      expect(size(`${file}.1`)).toBeLessThanOrEqual(2_000);
    }
    const counts = (await readLog(file))
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line).count);
    expect(counts).toEqual(Array.from(counts, (_, index) => 200 - counts.length + index));
    expect(counts.length).toBeGreaterThan(10);
  });

  test('that an earlier version let grow is renamed by the first line', async () => {
    (await openLog({ file, now })).info('first');
    appendFileSync(file, 'x'.repeat(3_000));
    (await openLog({ file, now, maxBytes: 2_000 })).info('second');
    expect(size(`${file}.1`)).toBeGreaterThan(3_000);
    expect(size(file)).toBeLessThan(100);
  });

  test('is closed to others, is written through no link, and costs nothing if it cannot be written', async () => {
    (await openLog({ file, now })).info('first');
    chmodSync(file, 0o644);
    (await openLog({ file, now })).info('second');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    rmSync(file);
    writeFileSync(join(directory, 'target'), '');
    symlinkSync(join(directory, 'target'), file);
    (await openLog({ file, now })).info('third');
    expect(size(join(directory, 'target'))).toBe(0);
    (await openLog({ file: join(directory, 'target', 'no directory', 'log'), now })).info('fourth');
    expect(await readLog(join(directory, 'none'))).toBe('');
  });
});
