/** Environment variables, as a process has them. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The part of the standard `fetch` that this project uses. Should be bounded in time and size: see `network/fetch.ts`. */
export type Fetch = (url: string, init?: RequestInit) => Promise<Response>;
