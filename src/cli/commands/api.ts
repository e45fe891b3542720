import * as v from 'valibot';
import { defined } from '../../defined.ts';
import { AuthError } from '../../errors.ts';
import { type ApiAnswer, apiRequest } from '../../index.ts';
import type { Command, Context } from '../command.ts';
import { fileText } from '../input.ts';
import { commonOptions } from '../options.ts';

const Options = v.object({
  ...commonOptions,
  method: v.optional(v.string()),
  data: v.optional(v.string()),
  header: v.optional(v.array(v.string()), []),
  include: v.optional(v.boolean(), false),
});

export const apiCommand: Command = {
  name: 'api',
  summary: 'send one request to the provider’s API, with the token, and print the answer',
  arguments: [{ name: '<path>', description: 'a path at the API host: /1/user/-/profile.json' }],
  options: [
    {
      flags: '-X, --method <method>',
      description: 'the HTTP method',
      defaultText: 'GET, or POST with --data',
      offer: ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'],
    },
    { flags: '-d, --data <body>', description: 'the body; @FILE reads a file, @- standard input' },
    {
      flags: '-H, --header <header>',
      description: 'another header, “Name: value”; may be given several times',
      collect: true,
    },
    { flags: '-i, --include', description: 'print the status and the headers too, rate limit among them' },
  ],
  examples: [
    { what: 'Who am I', command: 'fitbit-login api /1/user/-/profile.json' },
    {
      what: 'Log a weight',
      command: 'fitbit-login api /1/user/-/body/log/weight.json --data "weight=70.5&date=2026-11-22"',
    },
  ],
  run: async (given, context) => {
    const { profile, json, method, data, header, include } = v.parse(Options, given);
    const { operands, surroundings, answerBytes } = context;
    const [path = ''] = operands;
    const body = data === undefined ? undefined : await bodyOf(data, context);
    const request = defined({
      profile,
      body,
      method: method?.toUpperCase(),
      headers: headersOf(header),
      signal: context.signal,
    });
    const answer = await apiRequest(path, request, surroundings);
    if (include) answerBytes(new TextEncoder().encode(headText(answer)));
    answerBytes(answer.body);
    // The provider's own answer stays on stdout, even under --json: only what to do goes to stderr.
    if (answer.error === undefined) return 0;
    context.talk(
      json ? JSON.stringify(answer.error.toJSON()) : `fitbit-login: ${answer.error.message}\n${answer.error.hint}`,
    );
    return answer.error.exitCode;
  },
};

function headText({ status, headers }: ApiAnswer): string {
  return `HTTP ${status}\n${[...headers].map(([name, value]) => `${name}: ${value}\n`).join('')}\n`;
}

function headersOf(lines: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    lines.map((line) => {
      const [, name, value] = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):\s*(.*)$/.exec(line) ?? [];
      if (
        name === undefined ||
        value === undefined ||
        name.toLowerCase() === 'authorization' ||
        name.toLowerCase() === 'host'
      ) {
        throw new AuthError('USAGE', `“${line.split(':')[0]}” cannot be given as a header.`, {
          hint: 'Give it as `--header "Name: value"`; Authorization and Host are set already.',
        });
      }
      return [name.toLowerCase(), value];
    }),
  );
}

async function bodyOf(data: string, { readInput }: Context): Promise<string> {
  return data.startsWith('@') ? fileText(data.slice(1), readInput) : data;
}
