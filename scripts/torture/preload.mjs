// Loaded into the program under torture before it starts: sets its clock, holds it at a gate, and tells on descriptor 3
// what memory it took in the end.
import { readSync, writeSync } from 'node:fs';
import process from 'node:process';

const offsetMs = Number(process.env.TORTURE_CLOCK_OFFSET_MS ?? 0);
const SystemDate = Date;

globalThis.Date = class extends SystemDate {
  constructor(...given) {
    super(...(given.length === 0 ? [SystemDate.now() + offsetMs] : given));
  }

  static now() {
    return SystemDate.now() + offsetMs;
  }
};

if (process.env.TORTURE_GATE !== undefined) {
  writeSync(3, 'ready\n');
  readSync(3, Buffer.alloc(1));
}

process.on('exit', () => writeSync(3, String(process.resourceUsage().maxRSS)));
