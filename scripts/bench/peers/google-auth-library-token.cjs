// What a script does to get a token that was stored and still works, the way google-auth-library's readme shows it.
const { readFileSync } = require('node:fs');
const process = require('node:process');
const { OAuth2Client } = require('google-auth-library');

const [, , file] = process.argv;
const { client_id, client_secret, ...credentials } = JSON.parse(readFileSync(file, 'utf8'));
const client = new OAuth2Client({ clientId: client_id, clientSecret: client_secret });
client.setCredentials(credentials);
client.getAccessToken().then(({ token }) => process.stdout.write(`${token}\n`));
