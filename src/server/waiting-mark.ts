/** Where a waiting listener tells another fitbit-login that it is one (RFC 8615). */
export const WAITING_PATH = '/.well-known/fitbit-login';

/**
 * What has to stand in the question. A web page cannot send a header of its own without a preflight, which is refused here, and no
 * navigation carries one.
 */
export const WAITING_HEADER = 'x-fitbit-login';

/** What the answer calls itself. */
export const WAITING_MARK = 'fitbit-login';

/** The whole answer: nothing that the system's own list of sockets and processes would not tell. */
export interface WaitingAnswer {
  readonly waiting: typeof WAITING_MARK;
  /** For how long so far, in whole seconds. */
  readonly seconds: number;
}
