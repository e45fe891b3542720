// What a script does to get a token that was stored and still works, the way google-auth-library's readme shows it.
import { readFile } from 'node:fs/promises';
import process from 'node:process';
import { OAuth2Client } from 'google-auth-library';

const [, , file] = process.argv;
const { client_id, client_secret, ...credentials } = JSON.parse(await readFile(file, 'utf8'));
const client = new OAuth2Client({ clientId: client_id, clientSecret: client_secret });
client.setCredentials(credentials);
const { token } = await client.getAccessToken();
process.stdout.write(`${token}\n`);
