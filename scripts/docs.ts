/** `npm run docs`: writes the pages of docs/ that are made from tables of the program. */
import { writeFile } from 'node:fs/promises';
import { commandsPage } from './docs/commands.ts';

await writeFile('docs/commands.md', commandsPage());
