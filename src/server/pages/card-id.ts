/** The id of a profile's card: an address within the page, whatever the name. */
export function cardId(name: string): string {
  return `profile-${encodeURIComponent(name)}`;
}
