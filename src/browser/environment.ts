/** Environment variables, the process's own or such as a caller wants them to be. */
export type Environment = Readonly<Record<string, string | undefined>>;
