import { readForm } from '../../src/sandbox/form.ts';

/** Presses Allow on the sandbox's consent page. @returns what its redirect gives along, which nobody has followed yet */
export async function allow(address: URL): Promise<URLSearchParams> {
  const page = await fetch(address);
  const form = readForm(await page.text());
  if (form === undefined) throw new Error('The sandbox shows no consent page.');
  const body = new URLSearchParams();
  for (const { kind, name, value } of form.fields) {
    if (name === 'person' ? !body.has(name) : kind !== 'button' || value === 'allow') body.append(name, value);
  }
  const answer = await fetch(new URL(form.action, address), { method: 'POST', body, redirect: 'manual' });
  return new URL(answer.headers.get('location') ?? '').searchParams;
}
