/// <reference path="./pg-client.d.ts" />
// What the adapter needs of others' code. The build makes one file of it that program and library share, loaded only for a database.
export { CompactEncrypt, calculateJwkThumbprint, compactDecrypt } from 'jose';
// Not the whole package: it would bring a pool and look for the native client.
export { default as Client } from 'pg/lib/client.js';
