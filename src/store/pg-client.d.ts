declare module 'pg/lib/client.js' {
  import { Client } from 'pg';

  export default class extends Client {
    ref(): void;
    unref(): void;
  }
}
