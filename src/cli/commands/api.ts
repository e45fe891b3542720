import { type ApiAnswer, apiRequest } from '../../auth/index.ts';
import { unknownHeaderForm } from '../../messages.ts';
import { command } from '../command.ts';
import { errorText, terminalText, toJson } from '../output.ts';

export const apiCommand = command({
  name: 'api',
  summary: 'Make one authenticated request',
  arguments: [{ name: '<path>', description: "a path on the API's host: /v4/users/me/identity" }],
  options: [
    {
      flags: '-X, --method <method>',
      description: 'HTTP method',
      defaultText: 'GET, or POST with --data',
      offer: ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'],
    },
    { flags: '-d, --data <body>', description: 'request body; @FILE reads a file, @- stdin' },
    { flags: '-H, --header <header>', description: 'another header, "Name: value"; repeatable', collect: true },
    { flags: '-i, --include', description: 'print the status and headers too, including rate limits' },
  ],
  examples: [
    { what: 'Who am I', command: 'fitbit-login api /v4/users/me/identity' },
    { what: 'Steps', command: 'fitbit-login api /v4/users/me/dataTypes/steps/dataPoints' },
    {
      what: 'Send JSON',
      command: 'fitbit-login api /v4/users/me/dataTypes/steps/dataPoints:rollUp --data @request.json',
    },
  ],
  run: async ({ profile, json, method, data, header = [], include }, context) => {
    const { operands, runtimeOptions, write, say, signal, readFile, isTerminal, colors } = context;
    const [path = ''] = operands;
    const body = data?.startsWith('@') ? await readFile(data.slice(1)) : data;
    const request = { profile, body, method: method?.toUpperCase(), headers: headersOf(header), signal };
    const response = await apiRequest(path, request, runtimeOptions);
    if (include) await write(terminalText(headText(response)));
    await write(isTerminal ? prettyText(response) : response.body);
    // The provider's own response stays on stdout, even under --json: only what to do goes to stderr.
    if (response.error === undefined) return 0;
    say(json ? toJson(response.error.report(), 0) : errorText(response.error, colors.err));
    return response.error.exitCode;
  },
});

/** For a person: JSON in lines, and a line break at the end. */
function prettyText({ body, headers }: ApiAnswer): string {
  const text = new TextDecoder().decode(body);
  if (text === '') return '';
  try {
    if (/\bjson\b/.test(headers.get('content-type') ?? '')) return `${toJson(JSON.parse(text))}\n`;
  } catch {
    // As it is.
  }
  return terminalText(text.endsWith('\n') ? text : `${text}\n`);
}

function headText({ status, headers }: ApiAnswer): string {
  return `HTTP ${status}\n${[...headers].map(([name, value]) => `${name}: ${value}\n`).join('')}\n`;
}

function headersOf(lines: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    lines.map((line) => {
      const [, name = '', value = ''] = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):\s*(.*)$/.exec(line) ?? [];
      const lower = name.toLowerCase();
      if (lower === '' || lower === 'authorization' || lower === 'host') {
        throw unknownHeaderForm(line.split(':', 1)[0] ?? '');
      }
      return [lower, value];
    }),
  );
}
