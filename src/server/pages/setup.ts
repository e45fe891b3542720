import { html } from 'ghtml';
import { SETUP } from './before-texts.ts';
import { field } from './field.ts';
import { scopeChoices } from './scopes.ts';
import { postForm, type Shell, sitePage } from './shell.ts';
import type { ProviderChoice, SetupField, SetupView } from './site-view.ts';

/** The setup page: what to register, the form for what that gave, and the sandbox for those who have registered nothing. */
export function setupPage(view: SetupView, shell: Shell): string {
  const form = html`<section aria-labelledby="client"><h2 id="client">${SETUP.client}</h2>!${clientFields(view)}</section>
<section aria-labelledby="scopes" tabindex="-1"><h2 id="scopes">${SETUP.scopes}</h2>!${scopesPart(view)}</section>
<p class="submit"><button class="button">${SETUP.submit}</button></p>`;
  const main = html`<h1>${SETUP.title}</h1>
<p class="lead">${SETUP.lead}</p>
!${view.notices.map((notice) => html`<p class="aside">${notice}</p>`)}
!${errorSummary(view)}
<section aria-labelledby="register"><h2 id="register">${SETUP.register}</h2>!${registration(view)}</section>
!${postForm(shell, '/setup', form)}
<section class="sandbox" aria-labelledby="sandbox"><h2 id="sandbox">${SETUP.sandbox}</h2><p>${SETUP.sandboxLead}</p>!${postForm(shell, '/sandbox', html`<button class="button plain">${SETUP.sandboxSubmit}</button>`)}</section>`;
  return sitePage(SETUP.title, main, shell);
}

/** Above the form, with the way to each field: it takes the focus when the page is shown. */
function errorSummary({ errors }: SetupView): string {
  if (errors.length === 0) return '';
  const items = errors.map(({ field: name, text }) =>
    name === 'form' ? html`<li>${text}</li>` : html`<li><a href="#${name}">${text}</a></li>`,
  );
  return html`<div class="summary failure" role="alert" tabindex="-1" autofocus id="errors"><h2>${SETUP.errors(errors.length)}</h2><ul>!${items}</ul></div>`;
}

function registration({ providers, provider, redirectUris }: SetupView): string {
  const uris = redirectUris.map(
    (uri, index) =>
      html`<li><code id="uri-${String(index)}">${uri}</code><button type="button" class="button plain" hidden data-copy="uri-${String(index)}" data-copied="${SETUP.copied}">${SETUP.copy}<span class="unseen"> ${uri}</span></button></li>`,
  );
  const [only] = providers;
  const lines = (one: ProviderChoice) => html`<ol>!${one.registration.map((line) => html`<li>${line}</li>`)}</ol>`;
  const steps =
    only !== undefined && providers.length === 1
      ? lines(only)
      : providers
          .map(
            (one) =>
              html`<details !${one.id === (provider ?? only?.id) ? 'open' : ''}><summary>${SETUP.registerAt(one.name)}</summary>!${lines(one)}</details>`,
          )
          .join('');
  return html`!${steps}<h3>${SETUP.redirectUris(redirectUris.length)}</h3><ul class="uris">!${uris}</ul>`;
}

function clientFields(view: SetupView): string {
  const { clientId, hasSecret, errors, redirectUri } = view;
  const secretHint = [
    hasSecret ? SETUP.clientSecretKept : SETUP.clientSecretHint,
    ...(errors.length > 0 ? [SETUP.clientSecretAgain] : []),
  ].join(' ');
  const plain = 'autocomplete="off" autocapitalize="off" spellcheck="false"';
  const other = field({
    name: 'redirectUri',
    label: SETUP.redirectUri,
    hint: SETUP.redirectUriHint,
    errors,
    control: (rest) => html`<input type="url" !${rest} value="${redirectUri}" !${plain}>`,
  });
  const file = field({
    name: 'clientFile',
    label: SETUP.clientFile,
    hint: SETUP.clientFileHint,
    errors,
    control: (rest) =>
      html`<textarea rows="3" !${rest} !${plain} data-drop></textarea><span class="choose" hidden><label class="button plain">${SETUP.clientFileChoose}<input type="file" class="unseen" data-into="clientFile"></label> ${SETUP.clientFileDrop}</span>`,
  });
  return html`!${field({
    name: 'clientId',
    label: SETUP.clientId,
    hint: SETUP.clientIdHint,
    errors,
    control: (rest) => html`<input !${rest} value="${clientId}" !${plain}>!${recognition(view)}`,
  })}
!${field({
    name: 'clientSecret',
    label: SETUP.clientSecret,
    hint: secretHint,
    errors,
    control: (rest) => html`<input type="password" !${rest} autocomplete="off">`,
  })}
!${file}!${providerField(view)}
!${redirectUri === '' && !hasError(view, 'redirectUri') ? html`<details><summary>${SETUP.redirectUri}</summary>!${other}</details>` : other}`;
}

/** Says which provider the client id belongs to; the script says it while it is typed. */
function recognition({ providers, provider }: SetupView): string {
  const known = providers.find(({ id }) => id === provider);
  const patterns = providers.map(
    ({ id, name, clientIdPattern }) =>
      html`<data hidden value="${id}" data-pattern="${clientIdPattern}">${SETUP.recognised(name)}</data>`,
  );
  return html`<output id="recognised" for="clientId">${known === undefined ? '' : SETUP.recognised(known.name)}</output>!${patterns}`;
}

function providerField({ providers, errors }: SetupView): string {
  if (providers.length < 2) return '';
  const options = providers.map(({ id, name }) => html`<option value="${id}">${name}</option>`);
  return field({
    name: 'provider',
    label: SETUP.provider,
    errors,
    control: (rest) => html`<select !${rest}><option value="">${SETUP.recognise}</option>!${options}</select>`,
  });
}

function scopesPart(view: SetupView): string {
  const texts = view.errors.filter(({ field: name }) => name === 'scopes').map(({ text }) => text);
  const error = texts.length === 0 ? '' : html`<p class="error" id="scopes-error">${texts.join(' ')}</p>`;
  return html`!${error}!${scopeChoices(view, texts.length === 0 ? '' : 'aria-describedby="scopes-error"')}`;
}

function hasError({ errors }: SetupView, name: SetupField): boolean {
  return errors.some(({ field: one }) => one === name);
}
