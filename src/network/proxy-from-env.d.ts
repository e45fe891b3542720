declare module 'proxy-from-env' {
  /** The value of the variable in force, or an empty text where `url` is reached directly. */
  export function getProxyForUrl(url: string): string;
}
