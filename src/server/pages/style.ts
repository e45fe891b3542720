import { createHash } from 'node:crypto';

const SANS = 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", Arial, sans-serif';
const MONO = 'ui-monospace, "SF Mono", "Cascadia Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace';

/** The style sheet of every page, inline: no font, image or sheet is fetched. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --bg: #f6f7f4; --card: #fff; --well: #f2f4f0; --line: #e1e5df; --edge: #7c8883; --soft: #55635e; --ink: #14201d;
  --accent: #0a6b5c; --accent-hover: #085749; --on-accent: #fff; --tint: #e3f2ed;
  --warn: #875000; --warn-tint: #fbf0dc; --fail: #b0281f; --fail-tint: #fcebe8; --term: #14201d; --term-edge: transparent;
  --shadow: 0 1px 2px rgb(20 32 29/.04), 0 8px 24px -12px rgb(20 32 29/.10);
}
@media (prefers-color-scheme: dark) {
  :root {
    --bg: #0d1211; --card: #151b19; --well: #1c2421; --line: #27302d; --edge: #6f7e79; --soft: #9caaa5; --ink: #e8efec;
    --accent: #62d0bb; --accent-hover: #7fdecb; --on-accent: #04211b; --tint: #11302a;
    --warn: #e9b968; --warn-tint: #2d2413; --fail: #ff9d91; --fail-tint: #361b18; --term: #060a09; --term-edge: #33403c;
    --shadow: none;
  }
}
*, ::before, ::after { box-sizing: border-box; }
[hidden], html:not(.js) .js-only, .js .no-js { display: none !important; }
html { background: var(--bg); color: var(--ink); -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
@media (max-width: 22rem) { html { font-size: 93.75%; } }
body { font: 400 .9375rem/1.375rem ${SANS}; margin: 0 auto; max-width: calc(var(--width) + 2 * var(--side)); padding: 1.5rem var(--side) 2.5rem; --width: 30rem; --side: clamp(1rem, 4vw, 2rem); }
body.status { --width: 46rem; } body.setup { --width: 64rem; }
body.result { padding-top: clamp(1.5rem, 13vh, 7.5rem); }
h1, h2, h3, p, ul, ol, dl, dd, fieldset { margin: 0; padding: 0; border: 0; min-width: 0; } ul, ol { list-style: none; }
button, input, textarea { font: inherit; color: inherit; letter-spacing: inherit; }
svg { flex: none; width: 1rem; height: 1rem; fill: none; stroke: currentColor; stroke-width: 1.75; stroke-linecap: round; stroke-linejoin: round; }
header { display: flex; align-items: center; gap: .625rem; margin-bottom: 1rem; font-weight: 600; }
header .mark { width: 1.5rem; height: 1.5rem; stroke: var(--on-accent); } header .pill { margin-left: auto; }
.status header, .setup header { margin-bottom: 2rem; }
h1 { font-size: clamp(1.625rem, 1.3rem + 1.4vw, 1.875rem); line-height: 1.2; font-weight: 600; letter-spacing: -.022em; text-wrap: balance; }
.lead { margin-top: .5rem; font-size: 1.0625rem; line-height: 1.625rem; color: var(--soft); text-wrap: pretty; }
h2, .account b { font-size: 1.0625rem; line-height: 1.5rem; font-weight: 600; letter-spacing: -.011em; color: var(--ink); }
.account b { margin-right: .5rem; }
small, .small { font-size: .875rem; line-height: 1.25rem; } .micro { font-size: .8125rem; line-height: 1.125rem; color: var(--soft); }
.label { font-size: .8125rem; line-height: 1.125rem; font-weight: 600; color: var(--soft); }
code { font: .8125rem/1.25rem ${MONO}; font-variant-ligatures: none; }
a { color: var(--accent); text-underline-offset: .15em; } a:hover { color: var(--accent-hover); }
:focus { outline: none; } :focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; } [tabindex="-1"]:focus-visible { outline: none; }
.unseen { position: absolute; width: 1px; height: 1px; margin: -1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }

.card { border: 1px solid var(--line); border-radius: 1rem; background: var(--card); box-shadow: var(--shadow); }
.card + .card { margin-top: 1rem; }
.pad { padding: clamp(1.25rem, 4vw, 2rem); } .status .pad, .setup .pad { padding: 1.25rem 1.5rem; } .setup .pad + .pad { border-top: 1px solid var(--line); }

.drawing { display: flex; align-items: center; margin-bottom: 1.5rem; --tone: var(--accent); --tone-tint: var(--tint); --stroke: solid; }
.drawing > * { display: grid; place-items: center; flex: none; }
.drawing .tile { width: 3rem; height: 3rem; border-radius: .875rem; border: 1px solid var(--term-edge); background: var(--term); }
.drawing .tile svg { width: 1.5rem; height: 1.5rem; color: #62d0bb; } .drawing .tile svg path + path { stroke: #e8efec; }
.drawing .wire { width: 2.75rem; max-width: 12vw; border-top: 2px var(--stroke) var(--tone); }
.drawing .state { width: 2rem; height: 2rem; border-radius: 50%; background: var(--tone-tint); color: var(--tone); transition: background .15s; } .drawing .state svg { width: 1.125rem; height: 1.125rem; stroke-width: 2.25; }
.drawing .end { width: 3rem; height: 3rem; border-radius: 50%; background: var(--well); border: 1px solid var(--line); color: var(--soft); font-size: 1.0625rem; font-weight: 600; }
.drawing .end svg { width: 1.25rem; height: 1.25rem; } .drawing .end.known { background: var(--tint); border-color: transparent; color: var(--accent); }
.drawing.warning { --tone: var(--warn); --tone-tint: var(--warn-tint); }
.drawing.failure { --tone: var(--fail); --tone-tint: var(--fail-tint); --stroke: dotted; }
.drawing.waiting, .drawing.empty { --tone: var(--soft); --tone-tint: var(--well); --stroke: dotted; }
.account { margin-top: .5rem; font-size: 1.0625rem; line-height: 1.625rem; color: var(--soft); } .account b { overflow-wrap: break-word; }
.account.long span { display: block; }
.lines { margin-top: 1rem; display: grid; gap: .375rem; } .lines li { display: flex; gap: .625rem; } .lines svg { margin-top: .1875rem; color: var(--soft); }
.lines .tinted svg { color: var(--accent); }
.action { margin-top: 1.5rem; } .command { margin-top: .5rem; }
.command { display: flex; align-items: center; gap: .5rem; min-height: 3rem; border: 1px solid var(--line); border-radius: .625rem; padding: .3125rem .3125rem .3125rem .875rem; background: var(--well); }
.command code { flex: 1; min-width: 0; padding: .1875rem 0 .1875rem 1.05rem; font-size: .875rem; line-height: 1.5rem; text-indent: -1.05rem; overflow-wrap: break-word; }
.command code::before { content: "$"; display: inline-block; width: 1.05rem; text-indent: 0; color: var(--soft); -webkit-user-select: none; user-select: none; }
.command.plain code { padding-left: 0; text-indent: 0; } .command.plain code::before { content: none; }

.button { display: inline-flex; align-items: center; justify-content: center; gap: .625rem; min-height: 2.25rem; border: 1px solid var(--edge); border-radius: .5rem; padding: .25rem .875rem; background: var(--card); color: var(--ink); font-size: .875rem; line-height: 1.25rem; font-weight: 500; text-decoration: none; text-align: center; cursor: pointer; }
.button:hover { background: var(--well); color: var(--ink); }
.primary { min-height: 2.75rem; padding: .25rem 1.25rem; border-color: var(--accent); background: var(--accent); color: var(--on-accent); font-size: .9375rem; font-weight: 600; }
.primary:hover { border-color: var(--accent-hover); background: var(--accent-hover); color: var(--on-accent); }
.card .short.primary { min-height: 2.25rem; padding: .25rem .875rem; font-size: .875rem; }
.danger { border-color: var(--fail); color: var(--fail); } .danger:hover { color: var(--fail); }
.quiet { display: inline-flex; align-items: center; gap: .5rem; min-height: 1.5rem; border: 0; padding: 0; background: none; color: var(--accent); font-size: .875rem; line-height: 1.25rem; font-weight: 500; text-decoration: none; white-space: nowrap; cursor: pointer; }
.quiet:hover { text-decoration: underline; } .quiet.out { color: var(--fail); }
.link { display: inline; border: 0; padding: 0; background: none; color: var(--accent); text-decoration: underline; text-underline-offset: .15em; cursor: pointer; }
.copy { border-color: var(--line); } .copy.copied { color: var(--accent); }

.fold { border-top: 1px solid var(--line); }
summary { cursor: pointer; list-style: none; } summary::-webkit-details-marker { display: none; }
.fold > summary { display: flex; align-items: center; justify-content: space-between; padding: .75rem clamp(1.25rem, 4vw, 2rem); font-size: .875rem; line-height: 1.5rem; font-weight: 500; color: var(--soft); border-radius: 0 0 1rem 1rem; }
.status .fold > summary { padding: .625rem 1.5rem; } .fold > summary:hover { color: var(--ink); }
.fold > div { padding: 0 clamp(1.25rem, 4vw, 2rem) 1.25rem; } .status .fold > div { padding: 0 1.5rem 1.25rem; }
.chevron { color: var(--soft); transition: transform .15s; } details[open] > summary > .chevron { transform: rotate(90deg); }
.facts { display: grid; gap: .5rem; font-size: .875rem; line-height: 1.25rem; } .facts > div { display: grid; grid-template-columns: 7rem 1fr; gap: 0 1rem; }
dt { color: var(--soft); } .facts dd { overflow-wrap: break-word; } .facts time { font-variant-numeric: tabular-nums; }
.history { gap: .25rem; } .facts.history > div { grid-template-columns: 10.5rem 1fr; } .gap { margin-bottom: 1.25rem; } .history dd.failed { color: var(--fail); }
footer { display: flex; flex-wrap: wrap; justify-content: space-between; gap: .5rem 1.5rem; margin-top: 1.25rem; font-size: .8125rem; line-height: 1.125rem; color: var(--soft); }
.status footer, .setup footer { margin-top: 2.5rem; } footer p { display: flex; gap: .5rem; } footer .link { color: var(--soft); }
.pill { display: inline-flex; align-items: center; gap: .375rem; border-radius: 1rem; padding: .1875rem .625rem; font-size: .8125rem; line-height: 1.125rem; font-weight: 600; white-space: nowrap; }
.pill svg { width: .875rem; height: .875rem; }
.pill.success { background: var(--tint); } .pill.warning { background: var(--warn-tint); } .pill.failure { background: var(--fail-tint); }
.success { color: var(--accent); } .warning { color: var(--warn); } .failure { color: var(--fail); }
.notice { display: flex; gap: .75rem; margin-bottom: 1rem; border: 1px solid transparent; border-radius: .75rem; padding: .75rem .875rem; background: var(--well); font-size: .875rem; line-height: 1.25rem; }
.notice svg { margin-top: .125rem; } .profile .notice, .row .notice { margin: 0; } .notice p { color: var(--ink); white-space: pre-line; } .notice b { font-weight: 600; }
.notice.success { background: var(--tint); } .notice.failure { background: var(--fail-tint); } .notice.warning { background: var(--warn-tint); }

.verdict { display: flex; flex-wrap: wrap; align-items: center; justify-content: space-between; gap: .75rem; margin-bottom: 1.5rem; } .verdict > :first-child { flex: 1; }
.tools { display: flex; gap: .75rem; } .find { display: flex; align-items: center; gap: .625rem; width: 11rem; border: 1px solid var(--edge); border-radius: .5rem; padding: 0 .75rem; background: var(--card); color: var(--soft); font-size: .875rem; }
.find input { flex: 1; min-width: 0; border: 0; padding: 0; background: none; color: var(--ink); } .find input:focus { outline: none; } .find:focus-within { outline: 2px solid var(--accent); outline-offset: -1px; }
.profile .pad { display: grid; gap: 1rem; } .head { display: grid; grid-template-columns: auto 1fr auto; align-items: center; gap: 0 .875rem; } .head h2 { overflow-wrap: break-word; }
.avatar { display: grid; place-items: center; width: 2.5rem; height: 2.5rem; border-radius: 50%; background: var(--tint); color: var(--accent); font-weight: 600; } .avatar.ended { background: var(--well); color: var(--soft); }
.problem { display: flex; align-items: center; justify-content: space-between; gap: .75rem 1.5rem; } .problem p { text-wrap: pretty; } .problem .button { flex: none; }
.actions { display: flex; flex-wrap: wrap; align-items: center; gap: .5rem 1.25rem; margin-top: .25rem; } .actions details { margin-left: auto; } .actions details[open] { flex-basis: 100%; margin: 0; } .actions details[open].ask > summary { display: flex; width: max-content; margin-left: auto; }
.sure { margin-top: .75rem; border: 1px solid var(--line); border-radius: .75rem; padding: .875rem; background: var(--well); font-size: .875rem; line-height: 1.25rem; } .sure div { display: flex; flex-wrap: wrap; gap: .625rem; margin-top: .75rem; }
.fold .actions { margin-top: 1.25rem; }
.rows { overflow: hidden; } .group { display: flex; justify-content: space-between; padding: .5625rem 1.25rem; background: var(--well); } * + .group { border-top: 1px solid var(--line); }
.row { border-top: 1px solid var(--line); } .row > summary { display: grid; grid-template-columns: 1.75rem 1fr 12rem 11rem 1rem; align-items: center; gap: 0 .875rem; min-height: 2.875rem; padding: .25rem 1.25rem; } .row > summary:hover { background: var(--well); } .row > summary:focus-visible { outline-offset: -2px; }
.row .avatar { width: 1.75rem; height: 1.75rem; font-size: .8125rem; } .cut { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; } .row .cut + .cut { font-size: .875rem; color: var(--soft); }
.mark-words { display: flex; align-items: center; gap: .5rem; font-size: .875rem; line-height: 1.25rem; font-weight: 500; }
.row .inside { display: grid; gap: 1rem; padding: .25rem 1.25rem 1.25rem 3.875rem; } .row .actions details.past { margin: 0; }
.emptiness { padding: 3rem 1.5rem; text-align: center; } .emptiness .drawing { justify-content: center; } .emptiness .lead { max-width: 18rem; margin-inline: auto; } .emptiness .action { display: grid; justify-items: center; gap: 1rem; }

.setup main > .lead { margin-bottom: 1.5rem; } .columns { display: grid; gap: 1rem 2rem; align-items: start; }
.choices { display: grid; grid-template-columns: 1fr 1fr; gap: .75rem; margin-bottom: 1rem; } .choice { display: flex; gap: .75rem; border: 1px solid var(--line); border-radius: .75rem; padding: .9375rem 1rem; background: var(--card); cursor: pointer; }
.choice b { display: block; font-weight: 600; } .choice:has(:checked) { border-color: var(--accent); box-shadow: inset 0 0 0 1px var(--accent); } .choice:has(:focus-visible) { outline: 2px solid var(--accent); outline-offset: 2px; } .choice input:focus-visible { outline: none; }
input[type=radio], input[type=checkbox] { appearance: none; flex: none; display: grid; place-items: center; width: 1.125rem; height: 1.125rem; margin: .125rem 0; border: 1px solid var(--edge); border-radius: .25rem; background: var(--card); cursor: pointer; }
input[type=radio] { border-radius: 50%; } input[type=radio]:checked { border: .375rem solid var(--accent); background: var(--on-accent); }
input[type=checkbox]:checked { border-color: var(--accent); background: var(--accent); } input[type=checkbox]:checked::after { content: ""; width: .5625rem; height: .3125rem; margin-top: -.125rem; border: solid var(--on-accent); border-width: 0 0 2px 2px; transform: rotate(-45deg); }
.steps { overflow: hidden; counter-reset: step; } .steps > li { display: grid; grid-template-columns: 1.5rem 1fr auto; gap: 0 .875rem; align-items: center; min-height: 4.5rem; padding: .75rem 1.25rem; counter-increment: step; } .steps > li + li { border-top: 1px solid var(--line); }
.steps input[type=checkbox] { width: 1.5rem; height: 1.5rem; margin: 0; border-radius: 50%; } .steps input:not(:checked)::after { content: counter(step); content: counter(step) / ""; font-size: .8125rem; font-weight: 600; color: var(--soft); }
.steps label { font-weight: 600; cursor: pointer; } .steps small { color: var(--soft); } .steps .wide { grid-column: 2 / -1; } .doors { display: flex; gap: .875rem; }
.steps li:has(:checked) label, .steps li:has(:checked) .quiet { color: var(--soft); font-weight: 500; }
.steps li:has(input:not(:checked)):not(li:has(input:not(:checked)) ~ li) { background: var(--tint); } .steps li:has(input:not(:checked)):not(li:has(input:not(:checked)) ~ li) input { border-color: var(--accent); } .steps li:has(input:not(:checked)):not(li:has(input:not(:checked)) ~ li) input::after { color: var(--accent); }
.aside { display: flex; gap: .5rem; margin: 1rem 1.25rem 0; }
.setup main:has([value=fitbit]:checked) .google, .setup main:not(:has([value=fitbit]:checked)) .fitbit { display: none; }
.zone { display: flex; align-items: center; gap: 1rem; border: 1px dashed var(--edge); border-radius: .75rem; padding: .875rem 1rem; } .zone > svg, .file > svg { width: 1.5rem; height: 1.5rem; color: var(--accent); } .zone b, .file b { font-weight: 600; } .file:not(.taken) b { display: block; white-space: nowrap; overflow: hidden; text-overflow: ellipsis; } .zone input { position: absolute; opacity: 0; width: 1px; height: 1px; } .zone label:has(:focus-visible) { outline: 2px solid var(--accent); outline-offset: 2px; }
.file { display: flex; align-items: center; gap: .875rem; border: 1px solid transparent; border-radius: .75rem; padding: .75rem .875rem; background: var(--well); } .file.taken { background: var(--tint); } .file > div { flex: 1; min-width: 0; overflow-wrap: break-word; } .file .tick { display: grid; place-items: center; flex: none; width: 2rem; height: 2rem; border-radius: 50%; background: var(--accent); color: var(--on-accent); }
.panel .pad > * + *, .panel .google > :not([hidden]) ~ *, .untaken > * + * { margin-top: .75rem; } .panel .pad.google > * { margin: 0; } .more > summary { display: inline-flex; align-items: center; gap: .75rem; } .more .chevron { color: inherit; } .more > div { margin-top: .75rem; }
.setup:has(.file.taken:not([hidden])) .untaken { display: none; }
.field + .field, .field + .more, .more + .field { margin-top: 1rem; } .field label { display: block; font-size: .875rem; line-height: 1.25rem; font-weight: 600; }
.field input:not([type=checkbox]), textarea { display: block; width: 100%; min-height: 2.75rem; margin-top: .375rem; border: 1px solid var(--edge); border-radius: .5rem; padding: .5rem .75rem; background: var(--card); font: .8125rem/1.25rem ${MONO}; } textarea { min-height: 6rem; resize: vertical; }
.field input:focus-visible, textarea:focus-visible { outline-offset: -1px; } [aria-invalid=true] { border-color: var(--fail) !important; } [aria-invalid=true]:focus-visible { outline-color: var(--fail); }
.field .micro { margin-top: .375rem; } .field .error, .field .known { display: flex; gap: .5rem; margin-top: .375rem; font-size: .8125rem; line-height: 1.125rem; color: var(--fail); } .field .known { color: var(--accent); } .known:empty { display: none; }
.asks { position: relative; font-size: .875rem; line-height: 1.25rem; } .asks > span { position: absolute; color: var(--soft); } .asks > details > summary { display: flex; width: max-content; margin-left: auto; }
.asks:has(> details[open]) > .asked, .asks > details[open] > summary > .shut, .asks > details:not([open]) > summary > .opened { display: none; }
.ticks { display: grid; grid-template-columns: 1fr 1fr; gap: .75rem 1rem; margin-top: .75rem; } .check { display: flex; align-items: flex-start; gap: .75rem; font-size: .875rem; line-height: 1.375rem; cursor: pointer; } .ticks .more { grid-column: 1 / -1; } .ticks .ticks { margin-top: .25rem; }
.web:not(:has(:checked)) .field { display: none; }
.warned { display: flex; gap: 1rem; align-items: center; font-size: .8125rem; line-height: 1.1875rem; color: var(--soft); } .warned b { font-weight: 600; color: var(--ink); } .sketch { width: 8rem; height: auto; stroke-width: 1; }
.go .primary { width: 100%; } .go p { text-align: center; }
.over { position: fixed; inset: 0; z-index: 1; display: grid; place-content: center; justify-items: center; gap: .5rem; background: color-mix(in srgb, var(--bg) 90%, transparent); backdrop-filter: blur(2px); text-align: center; } .over::before { content: ""; position: absolute; inset: .75rem; border: 2px dashed var(--accent); border-radius: 1rem; } .over svg { width: 2rem; height: 2rem; color: var(--accent); } .over b { font-size: 1.25rem; line-height: 1.75rem; font-weight: 600; }
@media (min-width: 60rem) { .columns { grid-template-columns: 1fr 25rem; } .panel { position: sticky; top: 1.5rem; } }
@media (max-width: 35.99rem) {
  body.result { padding-top: 1.5rem; } .account b { display: block; margin: 0; }
  .status .pad, .setup .pad { padding: 1.25rem 1rem; } .status .fold > summary { padding-inline: 1rem; } .status .fold > div { padding-inline: 1rem; }
  .facts > div, .facts.history > div { grid-template-columns: 1fr; } .profile .problem, .row .problem { flex-direction: column; align-items: stretch; }
  .head { align-items: start; } .head .pill { grid-column: 2; justify-self: start; margin-top: .5rem; } .head { grid-template-columns: auto 1fr; } .wide-only { display: none; } .verdict { align-items: start; } .profile .actions { column-gap: .75rem; }
  .row > summary { grid-template-columns: 1.75rem 1fr auto 1rem; gap: 0 .75rem; padding: .625rem 1rem; } .row .avatar { grid-row: span 2; } .row .cut { grid-column: 2 / 4; } .row .cut + .cut { grid-column: 2; grid-row: 2; } .row .mark-words { grid-column: 3; grid-row: 2; } .row .chevron { grid-column: 4; grid-row: 1 / span 2; } .row .inside { padding: .25rem 1rem 1.25rem; } .group { padding-inline: 1rem; }
  .choices { grid-template-columns: 1fr; } .steps > li { padding-inline: 1rem; align-items: start; } .doors { flex-direction: column; align-items: flex-end; gap: .25rem; } .file { flex-wrap: wrap; } .file .button { flex-basis: 100%; } .ticks { grid-template-columns: 1fr; } .sketch { width: 6.5rem; } .aside { margin-inline: 1rem; }
}
@media (prefers-reduced-motion: reduce) { * { transition: none !important; } }
@media (forced-colors: active) { .drawing .tile, .drawing .state, .pill, .command, .notice, .file, .avatar, .sure { border: 1px solid CanvasText; } .steps input:checked, input:checked { background: CanvasText; } .choice:has(:checked) { outline: 2px solid Highlight; } .steps li:has(input:not(:checked)):not(li:has(input:not(:checked)) ~ li) { outline: 1px solid; outline-offset: -2px; } }
`;

/** The source expression that admits this style sheet and no other (CSP Level 3 §2.3.1). */
export const STYLE_HASH = sourceHash(STYLE);

/** Admits one inline style sheet or script by its content. */
export function sourceHash(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}
