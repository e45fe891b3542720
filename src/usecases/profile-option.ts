/** A text whose commands, in backticks, are meant for one profile: `--profile` is added where it is not the usual one. */
export function forProfile(text: string, name: string): string {
  if (name === 'default') return text;
  return text.replace(
    /`(fitbit-login (?:login|logout|token|refresh|status|setup|export|migrate)\b[^`]*)`/g,
    (command, inner: string) => (inner.includes('--profile') ? command : `\`${inner} --profile ${name}\``),
  );
}
