/** What only a request over TLS, or through a proxy, needs. A file of its own, since a bundle gives no names to what it imports on demand. */
export { request } from 'node:https';
export { HttpsProxyAgent } from 'https-proxy-agent';
