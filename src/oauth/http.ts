/** The part of the standard `fetch` that the protocol is handed. Should be bounded: see `network/bounded-fetch.ts`. */
export type Fetch = (url: string, init?: RequestInit) => Promise<Response>;
