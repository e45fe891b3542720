/** What some part of the program refused, in its own words. */
export interface Trouble {
  readonly message: string;
  readonly hint: string;
}
