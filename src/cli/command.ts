import type { Context } from './context.ts';

/** What a shell offers where a value is typed. `scopes` are those of the provider that the line is about. */
export type Offer = readonly string[] | 'files' | 'profiles' | 'scopes';

/** One option of a command, as data: parser, help, completion and documents are made from it. */
export interface OptionSpec {
  /** As commander writes them: `--timeout <seconds>`. */
  readonly flags: string;
  readonly description: string;
  /** The only values there are. */
  readonly choices?: readonly string[];
  /** Offered by a shell, where `choices` does not say it. Default: nothing. */
  readonly offer?: Offer;
  /** Shown in the help; the command applies it. */
  readonly defaultText?: string;
  /** Whether it may be given several times, for a list. */
  readonly collect?: boolean;
  /** Turns the text into the value. @throws AuthError `USAGE` */
  readonly parse?: (text: string) => unknown;
}

/** One argument, as commander writes them: `<file>`, `[name]`, `<command...>`. */
export interface ArgumentSpec {
  readonly name: string;
  readonly description: string;
  readonly choices?: readonly string[];
  readonly offer?: Offer;
}

export interface Example {
  readonly what: string;
  readonly command: string;
}

export type CommonOption = 'profile' | 'json' | 'log-level';

export interface Command<Options = never> {
  readonly name: string;
  /** One line, for the list of commands. */
  readonly summary: string;
  readonly arguments?: readonly ArgumentSpec[];
  readonly options: readonly OptionSpec[];
  /** The common options that it takes. Default: all. */
  readonly common?: readonly CommonOption[];
  /** Whether what follows the first argument is left alone, options included. */
  readonly passThrough?: boolean;
  /** The commonest first. */
  readonly examples: readonly Example[];
  /** @param options what its table says. @returns the exit code; without one it is 0 @throws AuthError */
  readonly run: (options: Options, context: Context) => Promise<number | undefined>;
}

/** A command, whose `run` gets the options of its table by name and type, as commander reads them. */
export function command<const Specs extends readonly OptionSpec[]>(
  spec: Command<OptionsOf<Specs>> & { readonly options: Specs },
): Command {
  return spec;
}

/** Options that concern the whole program, as commander reads them. */
export type CommonOptions = {
  readonly profile?: string;
  readonly all?: boolean;
  readonly json?: boolean;
  readonly logLevel?: string;
};

/** What a command gets of its options; those that are not given are absent. */
export type OptionsOf<Specs extends readonly OptionSpec[]> = {
  readonly [Spec in Specs[number] as NameIn<Spec['flags']>]?: ValueOf<Spec>;
} & CommonOptions;

type NameIn<Flags> = Flags extends `${string}--${infer Long}`
  ? Long extends `no-${infer Name}` | `${infer Name} ${string}`
    ? CamelCase<Name>
    : CamelCase<Long>
  : never;

type CamelCase<Name> = Name extends `${infer Head}-${infer Tail}` ? `${Head}${Capitalize<CamelCase<Tail>>}` : Name;

type ValueOf<Spec extends OptionSpec> = Spec extends { readonly parse: (text: string) => infer Value }
  ? Value
  : Spec extends { readonly collect: true }
    ? readonly string[]
    : Spec['flags'] extends `${string}<${string}`
      ? string
      : Spec['flags'] extends `${string}[${string}`
        ? string | true
        : boolean;
