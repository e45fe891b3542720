/** `notebook.py` in JavaScript, for people and machines without Python. */
import { readFile } from 'node:fs/promises';
import process from 'node:process';

// Read the configuration.
const { client_id, client_secret, access_token } = JSON.parse(await readFile('.env', 'utf8'));
if (!client_id || !client_secret) throw new Error('The .env names no app.');

// Ask for the data, with the token that is in the file.
const response = await fetch(`${process.argv[2]}/1/user/-/profile.json`, {
  headers: { authorization: `Bearer ${access_token}` },
});
const answer = await response.json();
if (response.ok) console.log(JSON.stringify(answer, null, 2));
else for (const { errorType, message } of answer.errors) console.log(`${errorType}: ${message}`);
process.exitCode = response.ok ? 0 : 1;
