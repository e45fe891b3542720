import process from 'node:process';

// vitest ends its workers with SIGTERM, which alone would leave behind what is deleted when they exit.
if (process.listenerCount('SIGTERM') === 0) process.once('SIGTERM', () => process.exit());
