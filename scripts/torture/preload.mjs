// Loaded into the program under torture before it starts: sets its clock, and tells on descriptor 3 what memory it took.
import { writeSync } from 'node:fs';
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

process.on('exit', () => writeSync(3, String(process.resourceUsage().maxRSS)));
