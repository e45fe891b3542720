import type { Credentials, CredentialsProvider } from './credentials.ts';
import type { Document } from './document.ts';

/** The file of one other tool: how it is known, read and written. Pure; reading and writing the disk is the caller's. */
export interface Format {
  /** What a person types: `export --format notebook`. */
  readonly id: string;
  /** For people, in the middle of a sentence: "a notebook's .env (JSON)". */
  readonly title: string;
  /** Whose credentials it can hold. */
  readonly providers: readonly CredentialsProvider[];
  /**
   * `true` where the program that owns such files spends the refresh token by itself: with a provider that rotates it, one
   * of the two programs will lose its grant. `false` where it only reads.
   */
  readonly refreshesByItself: boolean;
  /**
   * The credentials in `document`; `undefined` where it is not of this format.
   * @throws AuthError `USAGE` where it is, but is damaged: names the field, never a value.
   */
  read(document: Document): Credentials | undefined;
  /**
   * The text of the file for `credentials`. Absent where the format can only be read.
   *
   * Of `previous`, the text of the file that is there, everything that the format does not own stays as it is, to the
   * byte: other fields, order, indentation, comments, line ends. What the credentials lack is left out of a new file. In a
   * previous one, its client id and secret stay, and its other fields are emptied: they belonged to another grant.
   * @throws AuthError `USAGE` where the format cannot hold these credentials, they lack what its program needs, or
   *   `previous` is something else.
   */
  write?(credentials: Credentials, previous: string | undefined): string;
}
