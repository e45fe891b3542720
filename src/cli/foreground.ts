import { readFileSync } from 'node:fs';

/**
 * Whether this process may use its terminal. A shell's background job is stopped as soon as it reads from it or changes its
 * mode. Only Linux tells (proc(5), `pgrp` and `tpgid`); elsewhere the answer is yes.
 */
export function isInForeground(): boolean {
  try {
    const status = readFileSync('/proc/self/stat', 'utf8');
    // The name of the program, in brackets, may hold blanks and brackets.
    const [, , group, , , foreground] = status.slice(status.lastIndexOf(')') + 2).split(' ');
    return foreground === '-1' || foreground === group;
  } catch {
    return true;
  }
}
