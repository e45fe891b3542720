/** Gives what `load` gives, from the first look at it on. */
const LATE = `var __late = (load) => {
  let loaded;
  return new Proxy({}, { get: (_target, name) => (loaded ??= load())[name] });
};
`;

/**
 * A bundle in CommonJS whose modules load those of Node at their first use, not at their own: no command needs them all, and each that
 * is not in Node's snapshot takes about half a millisecond. Only what our modules and ES modules of packages import by name, and what
 * commander has for subcommands that are programs of their own.
 */
export function lateBuiltins(code: string): string {
  const builtin = /\b(import_\w+|childProcess) ?= ?require\("(node:[^"]+)"\)/g;
  return LATE + code.replaceAll(builtin, '$1 = __late(() => require("$2"))');
}
