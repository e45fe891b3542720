import { html } from 'ghtml';
import { CHEVRON, commandBox, copyButton, newTab, noticeBox, sitePage } from './html.ts';
import { icon } from './icons.ts';
import { SETUP, shortList } from './texts.ts';
import type { Shell } from './view.ts';

export type SetupProviderId = 'google-health' | 'fitbit';

export interface ScopeChoice {
  /** In the provider's spelling. */
  readonly name: string;
  readonly label: string;
  readonly ticked: boolean;
  /** Whether it lets data be added or changed. */
  readonly writes: boolean;
}

/** A client file that was read: nothing secret. */
export interface KnownFile {
  readonly name: string;
  /** "Desktop app · project my-notebook". */
  readonly title: string;
  readonly project?: string;
}

export interface SetupError {
  readonly field: 'clientId' | 'clientSecret' | 'clientFile' | 'scopes' | 'redirectUri' | 'form';
  readonly text: string;
}

/** What the setup page shows. No field could hold a secret. */
export interface SetupView {
  readonly provider: SetupProviderId;
  readonly clientId: string;
  /** A secret is stored and is used if none is entered. */
  readonly hasSecret: boolean;
  readonly file?: KnownFile;
  /** Looked for in the downloads directory, if that was asked for. */
  readonly download?: { readonly name: string; readonly minutes: number } | 'none';
  /** By provider: sources of regular expressions that recognise its client IDs. */
  readonly patterns: Readonly<Record<SetupProviderId, string>>;
  readonly scopes: Readonly<Record<SetupProviderId, readonly ScopeChoice[]>>;
  /** To be registered, if the client has one. */
  readonly redirectUri: string;
  readonly isWeb: boolean;
  readonly errors: readonly SetupError[];
  readonly failed: boolean;
}

/** The form as it was filled in; spaces at both ends removed. */
export interface SetupForm {
  readonly action: 'continue' | 'look' | 'use' | 'replace';
  readonly provider: SetupProviderId;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly clientFile: string;
  readonly clientFileName: string;
  readonly scopes: ReadonlyMap<SetupProviderId, readonly string[]>;
  /** Empty unless the client has a registered one. */
  readonly redirectUri: string;
}

const CONSOLE = 'https://console.cloud.google.com';
/** Google's own pages, one a step; `?project=` leads to the right project. */
const LINKS = {
  enable: `${CONSOLE}/flows/enableapi?apiid=health.googleapis.com`,
  branding: `${CONSOLE}/auth/overview/create`,
  client: `${CONSOLE}/auth/clients/create`,
  clients: `${CONSOLE}/auth/clients`,
  scopes: `${CONSOLE}/auth/scopes`,
  publish: `${CONSOLE}/auth/audience`,
  fitbit: 'https://dev.fitbit.com/apps',
} as const;

/** The setup page: which service, the steps to register an app, and a panel for what that gave. It works without the script. */
export function setupPage(view: SetupView, shell: Shell): string {
  const main = html`<h1>${SETUP.title}</h1>
<p class="lead google">${SETUP.leads.google}</p><p class="lead fitbit">${SETUP.leads.fitbit}</p>
!${shell.notice && noticeBox(shell.notice)}
<form method="post" action="setup" class="columns" id="setup" novalidate><input type="hidden" name="_csrf" value="${shell.csrf}">!${ENTER}
<div>!${providerChoice(view)}!${googleSteps(view, shell)}!${fitbitSteps(view, shell)}</div>
<div class="card panel">!${panel(view)}</div>
</form>
<div class="over" hidden aria-hidden="true">!${icon('save')}<b>${SETUP.dropping[0]}</b><span class="small">${SETUP.dropping[1]}</span></div>`;
  return sitePage('setup', SETUP.title, main, shell, { fileTexts: SETUP.clientTypes, fileError: SETUP.errors.file });
}

/** What Enter presses in a field: a form's first button, which would be another one. */
const ENTER = '<button name="action" value="continue" class="unseen" tabindex="-1" aria-hidden="true"></button>';

function providerChoice({ provider }: SetupView): string {
  const options = (['google-health', 'fitbit'] as const).map((id) => {
    const [name, whom] = SETUP.options[id];
    return html`<label class="choice"><input type="radio" name="provider" value="${id}" !${id === provider ? 'checked' : ''}><span><b>${name}</b><span class="micro">${whom}</span></span></label>`;
  });
  return html`<fieldset class="choices"><legend class="unseen">${SETUP.provider}</legend>!${options}</fieldset>`;
}

interface Step {
  readonly id: keyof typeof SETUP.steps;
  readonly url?: string;
  /** HTML before the link, and below the sentence. */
  readonly before?: string;
  readonly below?: string;
}

/** The first step without a tick is the current one; the style sheet finds it. */
function stepList(steps: readonly Step[], ticks: ReadonlySet<string>): string {
  const items = steps.map(({ id, url, before, below }) => {
    const [title, sentence] = SETUP.steps[id];
    const link = url && newTab(url, SETUP.open, 'quiet', title);
    return html`<li><input type="checkbox" name="tick" value="${id}" id="tick-${id}" autocomplete="off" !${ticks.has(id) ? 'checked' : ''}><div><label for="tick-${id}">${title}</label><p><small>${sentence}</small></p></div><span class="doors">!${before}!${link}</span>!${below && html`<div class="wide">!${below}</div>`}</li>`;
  });
  return html`<ol class="card steps">!${items}</ol>`;
}

function googleSteps(view: SetupView, shell: Shell): string {
  const { file, scopes } = view;
  const at = (url: string) => {
    if (file?.project === undefined) return url;
    const address = new URL(url);
    address.searchParams.set('project', file.project);
    return address.href;
  };
  const asked = scopes['google-health'].filter(({ ticked }) => ticked).map(({ name }) => name);
  const steps: readonly Step[] = [
    { id: 'enable', url: at(LINKS.enable) },
    { id: 'branding', url: at(LINKS.branding) },
    { id: 'client', url: at(LINKS.client) },
    { id: 'file' },
    { id: 'scopes', url: at(LINKS.scopes), before: copyButton(asked.join('\n'), SETUP.copyList, 'quiet scope-list') },
    { id: 'publish', url: at(LINKS.publish) },
  ];
  const ticks = file === undefined ? shell.ticks : new Set([...shell.ticks, 'file']);
  return html`<div class="google">!${stepList(steps, ticks)}<p class="aside micro">!${icon('info')}<span>${SETUP.paused}</span></p></div>`;
}

function fitbitSteps({ redirectUri }: SetupView, { ticks }: Shell): string {
  const uri = commandBox(redirectUri, { plain: true });
  const app = { id: 'fitbit-app', url: LINKS.fitbit } as const;
  return html`<div class="fitbit">!${stepList([app, { id: 'fitbit-uri', below: uri }], ticks)}</div>`;
}

function panel(view: SetupView): string {
  const { failed, provider } = view;
  const submit = (id: SetupProviderId) =>
    html`<span class="!${cssClass(id)}">${failed && id === provider ? SETUP.tryAgain : SETUP.continueTo[id]}</span>`;
  const [just, trySandbox] = SETUP.looking;
  return html`<div class="pad">!${errorStrip(view)}!${googleClient(view)}<div class="fitbit">!${clientFields('fitbit', view)}!${redirectField('fitbit', view)}</div></div>
<div class="pad google">!${scopesPart('google-health', view)}</div><div class="pad fitbit">!${scopesPart('fitbit', view)}</div>
!${failed ? '' : html`<div class="pad google">!${warningPart(view)}</div>`}
<div class="pad go"><button class="button primary" name="action" value="continue">!${submit('google-health')}!${submit('fitbit')}!${icon('arrow')}</button><p class="micro">${just}<button class="link" formaction="sandbox">${trySandbox}</button></p></div>`;
}

function errorStrip({ errors }: SetupView): string {
  if (errors.length === 0) return '';
  const general = errors.filter(({ field }) => field === 'form');
  const items = (general.length > 0 ? general : errors).map((error) =>
    error === general[0] ? html`<p><b>${error.text}</b></p>` : html`<p>${error.text}</p>`,
  );
  // A field with an error takes the focus itself.
  const hasField = errors.some(({ field }) => ['clientId', 'clientSecret', 'redirectUri'].includes(field));
  return html`<div class="notice failure" role="alert" tabindex="-1" !${hasField ? '' : 'autofocus'} id="errors">!${icon('triangle')}<div>!${items}</div></div>`;
}

function googleClient(view: SetupView): string {
  const { file, download, errors, clientId } = view;
  const [or, choose] = SETUP.choose;
  const fileError = errors.find(({ field }) => field === 'clientFile')?.text;
  const wrongSecret = errors.some(({ field }) => field === 'clientSecret');
  // A file whose secret was rejected gets no tick.
  const mark = wrongSecret ? icon('file') : html`<span class="tick">!${icon('check')}</span>`;
  const taken = html`<div class="file taken" !${file === undefined ? 'hidden' : ''} id="taken" role="status" tabindex="-1">!${mark}<div><b id="file-title">${file?.title ?? ''}</b><p class="micro"><span id="file-name">${file?.name ?? ''}</span> · <button class="link" name="action" value="replace" id="replace">${SETUP.replace}</button></p></div></div>`;
  const zone = html`<div class="zone js-only">!${icon('save')}<div><b>${SETUP.drop}</b><p class="micro">${or}<label class="link">${choose}<input type="file" id="file" accept=".json,application/json"></label></p></div></div>`;
  const paste = html`<div class="field no-js"><label for="clientFile">${SETUP.paste}</label><textarea id="clientFile" name="clientFile" autocomplete="off" spellcheck="false"></textarea><input type="hidden" name="clientFileName" value=""></div>`;
  const error = html`<p class="notice failure" id="file-error" role="alert" tabindex="-1" !${fileError === undefined ? 'hidden' : ''}>!${icon('triangle')}<span>${fileError ?? ''}</span></p>`;
  const byHand =
    clientId !== '' || errors.some(({ field }) => field === 'clientId' || field === 'redirectUri') || view.isWeb;
  const secret = file !== undefined && wrongSecret ? secretField('google-health', view) : '';
  const fields = secret ? '' : clientFields('google-health', view) + redirectField('google-health', view);
  return html`<div class="google">!${error}!${taken}!${secret}<div class="untaken">!${zone}!${paste}!${downloadPart(download)}<details class="more" !${byHand ? 'open' : ''}><summary class="quiet">!${CHEVRON}${SETUP.byHand}</summary><div>!${fields}</div></details></div></div>`;
}

/** The newest client file in the downloads directory: looked for only when asked to. */
function downloadPart(download: SetupView['download']): string {
  const none = download === 'none' ? html`<p class="micro" role="status">${SETUP.noneFound}</p>` : '';
  if (download === undefined || download === 'none')
    return html`<p><button class="quiet" name="action" value="look">!${icon('search')}${SETUP.look}</button></p>!${none}`;
  return html`<div class="file">!${icon('file')}<div><b>${shortName(download.name)}</b><p class="micro">${SETUP.found(download.minutes)}</p></div><button class="button" name="action" value="use" autofocus>${SETUP.use}</button></div>`;
}

function clientFields(provider: SetupProviderId, view: SetupView): string {
  const id = `clientId:${provider}`;
  const error = errorOf('clientId', provider, view);
  const value = view.provider === provider ? view.clientId : '';
  return html`<div class="field"><label for="${id}">${SETUP.clientId}</label><input id="${id}" name="${id}" value="${value}" autocomplete="off" autocapitalize="off" spellcheck="false" data-pattern="${view.patterns[provider]}" !${error.attributes}>!${error.html}<p class="known" hidden>!${icon('check')}<span>${SETUP.recognised[provider]}</span></p></div>!${secretField(provider, view)}`;
}

function secretField(provider: SetupProviderId, view: SetupView): string {
  const id = `clientSecret:${provider}`;
  const error = errorOf('clientSecret', provider, view);
  const kept = view.hasSecret && view.provider === provider && error.html === '';
  const hint = kept
    ? SETUP.secretKept
    : view.failed && view.provider === provider
      ? SETUP.secretForgotten
      : provider === 'fitbit'
        ? SETUP.secretNone
        : SETUP.secretStored;
  const [lost, add, after] = SETUP.lostSecret;
  const more =
    error.html !== '' && provider === 'google-health'
      ? html`<p class="micro">${lost}!${newTab(LINKS.clients, add, 'link')}${after}</p>`
      : html`<p class="micro" id="${id}-hint">${hint}</p>`;
  return html`<div class="field"><label for="${id}">${SETUP.clientSecret}</label><input type="password" id="${id}" name="${id}" autocomplete="off" !${error.attributes || html`aria-describedby="${id}-hint"`}>!${error.html}!${more}</div>`;
}

/** Of a Web client, or of a Fitbit app: only where one is registered. */
function redirectField(provider: SetupProviderId, view: SetupView): string {
  const id = `redirectUri:${provider}`;
  const error = errorOf('redirectUri', provider, view);
  const field = html`<div class="field"><label for="${id}">${SETUP.redirectUri}</label><input id="${id}" name="${id}" value="${view.redirectUri}" autocomplete="off" spellcheck="false" !${error.attributes || html`aria-describedby="${id}-hint"`}>!${error.html}<p class="micro" id="${id}-hint">${SETUP.redirectUriHint}</p></div>`;
  if (provider === 'fitbit')
    return html`<details class="more" !${error.html === '' ? '' : 'open'}><summary class="quiet">!${CHEVRON}${SETUP.otherUri}</summary><div>!${field}</div></details>`;
  return html`<div class="web field"><span class="check"><input type="checkbox" name="web" value="1" id="web" !${view.isWeb ? 'checked' : ''}><label for="web">${SETUP.web}</label></span>!${field}</div>`;
}

/** The error of a field, tied to it, and the focus for the first one. */
function errorOf(field: SetupError['field'], provider: SetupProviderId, { errors, provider: chosen }: SetupView) {
  const text = provider === chosen ? errors.find((error) => error.field === field)?.text : undefined;
  if (text === undefined) return { attributes: '', html: '' };
  const id = `${field}:${provider}-error`;
  return {
    attributes: html`aria-invalid="true" aria-describedby="${id}" autofocus`,
    html: html`<p class="error" id="${id}">!${icon('triangle')}<span>${text}</span></p>`,
  };
}

function scopesPart(provider: SetupProviderId, view: SetupView): string {
  const choices = view.scopes[provider];
  const reads = choices.filter(({ writes }) => !writes);
  const writes = choices.filter(({ writes }) => writes);
  const error = provider === view.provider ? view.errors.find(({ field }) => field === 'scopes')?.text : undefined;
  const open = error !== undefined || choices.every(({ ticked }) => !ticked);
  const tick = ({ name, label, ticked }: ScopeChoice) =>
    html`<label class="check"><input type="checkbox" name="scopes:${provider}" value="${name}" autocomplete="off" !${ticked ? 'checked' : ''}><span>${label}</span></label>`;
  const asked = choices.filter(({ ticked }) => ticked).map(({ label }) => label);
  const write =
    writes.length === 0
      ? ''
      : html`<details class="more" !${writes.some(({ ticked }) => ticked) ? 'open' : ''}><summary class="quiet">!${icon('plus')}${SETUP.write}</summary><div class="ticks">!${writes.map(tick)}</div></details>`;
  return html`<div class="asks" role="group" aria-label="${SETUP.asks}"><span>${SETUP.asks}</span><details !${open ? 'open' : ''}><summary class="quiet"><span class="opened">${SETUP.done}</span><span class="shut">${SETUP.change}</span></summary><div class="ticks">!${reads.map(tick)}!${write}</div></details><p class="asked">${shortList(asked)}</p>!${error && html`<p class="failure" id="scopes-error">${error}</p>`}</div>`;
}

/** What the provider's warning will look like: a sketch, not a copy. */
function warningPart({ file }: SetupView): string {
  const app = file?.project ?? SETUP.yourApp;
  const [title, before, after] = SETUP.warning;
  const sketch = html`<svg class="sketch" viewBox="0 0 128 88" aria-hidden="true"><rect x=".5" y=".5" width="127" height="87" rx="8" fill="var(--well)" stroke="var(--line)"/><path d="M1 16h126" stroke="var(--line)"/><g fill="var(--edge)" stroke="none"><circle cx="10" cy="8.5" r="2"/><circle cx="17.5" cy="8.5" r="2"/><circle cx="25" cy="8.5" r="2"/><rect x="38" y="28" width="62" height="3.5" rx="1.7" opacity=".5"/><rect x="38" y="36" width="42" height="3.5" rx="1.7" opacity=".5"/><rect x="86" y="47" width="32" height="14" rx="3" opacity=".35"/></g><path d="M22 25 13.5 40h17zM22 30.500v4.500m0 2.200v.1" stroke="var(--warn)" stroke-width="1.6"/><rect x="12.5" y="46.5" width="54" height="15" rx="4" fill="var(--card)" stroke="var(--accent)"/><g fill="var(--accent)" stroke="none" font-size="8.5"><text x="39.5" y="57" text-anchor="middle" font-weight="600">${SETUP.sketch.advanced}</text><text x="14" y="76" text-decoration="underline">${SETUP.sketch.goTo(shortName(app, 16))}</text></g></svg>`;
  return html`<div class="warned">!${sketch}<p><b>${title}</b>${before}<span class="project">${app}</span>${after}</p></div>`;
}

function cssClass(id: SetupProviderId): string {
  return id === 'fitbit' ? 'fitbit' : 'google';
}

/** "client_secret_4061….json". */
export function shortName(name: string, length = 24): string {
  if (name.length <= length) return name;
  const end = /\.[a-z]+$/.exec(name)?.[0] ?? '';
  return `${name.slice(0, length - end.length - 1)}…${end}`;
}
