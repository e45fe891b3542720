import { createHash } from 'node:crypto';

/** What the pages of the local site need beyond the style sheet of all pages: navigation, forms, cards. */
export const SITE_STYLE = `
nav { display: flex; gap: 1.1rem; margin-left: auto; }
nav a { color: var(--soft); text-decoration: none; padding: .2rem 0; border-bottom: 2px solid transparent; }
nav a[aria-current] { color: var(--ink); border-color: var(--accent); }
nav a:hover { color: var(--ink); }
a { color: var(--accent); text-underline-offset: .15em; }
.site main { padding-top: clamp(1.75rem, 5vw, 2.75rem); }
.site h1 { margin-top: 0; }
.site section > h2 { font-size: 1.25rem; line-height: 1.3; color: var(--ink); letter-spacing: -.01em; }
h3 { margin: 1.5rem 0 .5rem; font-size: .9375rem; font-weight: 600; color: var(--soft); }
section ol { margin: 0; padding-left: 1.35rem; } section ol li { padding: .15rem 0; }
.unseen { position: absolute; width: 1px; height: 1px; margin: -1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.aside { margin: 1.25rem 0 0; padding-left: .9rem; border-left: 3px solid var(--warning); }
[role="alert"]:empty { display: none; }
#lost, .notice, .summary, .problem {
  margin: 0 0 1.75rem; border: 1px solid var(--line); border-left: 3px solid var(--tone, var(--failure)); border-radius: .45rem;
  padding: .75rem 1rem; background: var(--field);
}
.notice .tone { align-items: flex-start; font-weight: 500; color: var(--ink); }
.notice .tone svg { color: var(--tone); margin-top: .1rem; }
.summary { margin-top: 1.75rem; } .summary h2 { color: var(--failure); } .summary ul { margin: 0; padding-left: 1.15rem; }
.summary a { color: var(--failure); }
.uris { margin: 0; padding: 0; list-style: none; }
.uris li { display: flex; gap: .5rem; align-items: stretch; } .uris li + li { margin-top: .5rem; }
.uris code { flex: 1; min-width: 0; }
.field { margin: 1.25rem 0 0; } .field label:first-child { display: block; font-weight: 600; }
.hint { margin: .1rem 0 0; font-size: .9375rem; line-height: 1.5; color: var(--soft); }
.error, .summary li { white-space: pre-line; }
.error { margin: .25rem 0 0; font-size: .9375rem; font-weight: 600; color: var(--failure); }
input:not([type]), input[type="password"], input[type="url"], textarea, select {
  display: block; width: 100%; margin-top: .45rem; border: 1px solid var(--edge); border-radius: .45rem; padding: .55rem .75rem;
  background: var(--paper); color: inherit; font: inherit; line-height: 1.5;
}
textarea { font: .9375rem/1.5 ui-monospace, "SF Mono", "Cascadia Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; resize: vertical; }
textarea.over { border-style: dashed; border-color: var(--accent); }
[aria-invalid] { border-color: var(--failure) !important; }
output { display: block; min-height: 1.5rem; margin-top: .3rem; font-size: .9375rem; color: var(--accent); }
.choose:not([hidden]) { display: flex; flex-wrap: wrap; align-items: center; gap: .3rem .75rem; margin-top: .5rem; font-size: .9375rem; color: var(--soft); }
.choose label { position: relative; font-weight: 500; } .choose label:focus-within { outline: 2px solid var(--accent); outline-offset: 2px; }
fieldset { margin: 0; border: 0; padding: 0; min-width: 0; } legend { padding: 0; color: var(--soft); }
details legend { position: absolute; clip-path: inset(50%); }
.ticks { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 17rem), 1fr)); gap: 0 1.25rem; margin-top: .5rem; }
.ticks label { display: flex; gap: .65rem; align-items: baseline; padding: .4rem 0; border-top: 1px solid var(--line); }
.ticks input { flex: none; width: 1.05rem; height: 1.05rem; margin: 0; accent-color: var(--accent); transform: translateY(.15rem); }
small { display: block; font-size: .8125rem; line-height: 1.35; color: var(--soft); }
.submit { margin: 2.25rem 0 0; }
.sandbox { border-top: 1px solid var(--line); padding-top: 1.75rem; } .sandbox p { margin: 0 0 1rem; }
summary { padding: .35rem 0; cursor: pointer; color: var(--soft); font-size: .9375rem; font-weight: 600; }
summary:hover { color: var(--ink); } .field + details { margin-top: 1rem; }
.card { margin-top: 1.75rem; border: 1px solid var(--line); border-radius: .7rem; padding: 1.1rem clamp(1rem, 4vw, 1.5rem) .8rem; scroll-margin-top: 1rem; }
.card .head { display: flex; flex-wrap: wrap; align-items: center; gap: .25rem .75rem; margin-bottom: .9rem; }
.card h2 { margin: 0; font-size: 1.25rem; line-height: 1.3; letter-spacing: -.01em; color: var(--ink); }
.card .head .tone { margin-left: auto; }
.card .problem { margin: 0 0 1rem; padding: .8rem 1rem; } .card .problem p { margin: 0; } .card .problem form { margin-top: .7rem; }
progress { display: block; width: 100%; height: .5rem; margin: .45rem 0 .3rem; border: 0; border-radius: 1rem; overflow: hidden; appearance: none; background: var(--line); color: var(--accent); }
progress::-webkit-progress-bar { background: var(--line); }
progress::-webkit-progress-value { border-radius: 1rem; background: var(--accent); transition: inline-size 1s linear; }
progress::-moz-progress-bar { border-radius: 1rem; background: var(--accent); }
.actions { display: flex; flex-wrap: wrap; align-items: flex-start; gap: .5rem; margin: 1rem 0 .6rem; }
.actions form { display: contents; }
.actions .sure[open] { flex-basis: 100%; } .card .button { padding: .35rem .8rem; font-size: .9375rem; }
.sure > div { margin-top: .6rem; } .sure p { margin: 0 0 .6rem; font-size: .9375rem; }
.sure summary { list-style: none; width: max-content; } .sure summary::-webkit-details-marker { display: none; }
.time { margin: .4rem 0 1rem; padding: 0; list-style: none; }
.time li { position: relative; display: grid; grid-template-columns: 10rem 1fr; gap: .1rem 1.25rem; padding: .3rem 0 .3rem; font-size: .9375rem; }
.time time { padding-left: 1.15rem; color: var(--soft); font-variant-numeric: tabular-nums; }
.time li::before { content: ""; position: absolute; left: 0; top: .8rem; width: .5rem; height: .5rem; border-radius: 50%; background: var(--tone); }
.time li.failure::before { border-radius: 1px; transform: rotate(45deg); } .time li.failure span { color: var(--failure); }
.card dl { font-size: .9375rem; } .card details dl { border-bottom: 0; }
.add { margin-top: 1.75rem; }
footer { display: flex; flex-wrap: wrap; align-items: baseline; justify-content: space-between; gap: .75rem 1.5rem; }
.quiet { border: 0; padding: .2rem 0; background: none; color: var(--soft); font: inherit; text-decoration: underline; text-underline-offset: .15em; cursor: pointer; }
.quiet:hover { color: var(--ink); }
@media (max-width: 34rem) {
  .time li { grid-template-columns: 1fr; } .time li span { padding-left: 1.15rem; }
  .card .head .tone { margin-left: 0; flex-basis: 100%; } .uris li { flex-direction: column; }
}
@media (prefers-reduced-motion: reduce) { progress::-webkit-progress-value { transition: none; } }
@media (forced-colors: active) { progress { border: 1px solid; } .time li::before { forced-color-adjust: none; } }
`;

/** The source expression that lets this style sheet into a page (CSP Level 3 §2.3.1). */
export const SITE_STYLE_HASH = `'sha256-${createHash('sha256').update(SITE_STYLE).digest('base64')}'`;
