import { createHash } from 'node:crypto';

/** The one style sheet, inline in every page. No font, image or sheet is fetched. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --paper: #fcfcfa; --ink: #1b2023; --soft: #58636a; --line: #dfe2de; --field: #f1f3f0; --edge: #7d888d; --on-accent: #ffffff;
  --accent: #00695f; --warning: #855300; --failure: #ab2a22;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #15191b; --ink: #e7ebea; --soft: #9ba7ab; --line: #2d3437; --field: #1e2427; --edge: #77848a; --on-accent: #06211d;
    --accent: #5ec8b8; --warning: #e3b35c; --failure: #ff9a8d;
  }
}
*, ::before, ::after { box-sizing: border-box; }
body {
  margin: 0 auto; max-width: 42rem; min-height: 100vh; padding: clamp(1.5rem, 6vw, 4.5rem) clamp(1.25rem, 5vw, 2.5rem) 2rem;
  display: flex; flex-direction: column;
  background: var(--paper); color: var(--ink);
  font: 1.0625rem/1.6 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Helvetica Neue", Arial, sans-serif;
  overflow-wrap: anywhere; -webkit-text-size-adjust: 100%; text-size-adjust: 100%;
}
html { background: var(--paper); }
header { display: flex; align-items: center; gap: .75rem; font-size: .9375rem; color: var(--soft); }
header b { font-weight: 600; color: var(--ink); letter-spacing: -.005em; }
.badge {
  border: 1.5px dashed var(--warning); border-radius: 2rem; padding: .05rem .7rem;
  color: var(--warning); font-size: .8125rem; font-weight: 600; letter-spacing: .02em;
}
main { flex: 1; padding: clamp(2rem, 7vw, 3.5rem) 0 3rem; }
.tone { display: flex; align-items: center; gap: .55rem; margin: 0; font-size: .9375rem; font-weight: 600; color: var(--tone); }
.tone svg { flex: none; width: 1.35rem; height: 1.35rem; }
.success { --tone: var(--accent); } .warning { --tone: var(--warning); }
.failure { --tone: var(--failure); } .waiting { --tone: var(--soft); }
h1 { margin: .6rem 0 .75rem; font-size: clamp(1.9rem, 6.5vw, 2.5rem); line-height: 1.15; font-weight: 650; letter-spacing: -.022em; text-wrap: balance; }
.lead { margin: 0; max-width: 36rem; font-size: 1.1875rem; line-height: 1.5; text-wrap: pretty; }
section { margin-top: 2.5rem; }
h2 { margin: 0 0 .6rem; font-size: .9375rem; font-weight: 600; color: var(--soft); }
dl { margin: 0; border-bottom: 1px solid var(--line); }
dl div { display: grid; grid-template-columns: 10rem 1fr; gap: .1rem 1.25rem; padding: .6rem 0; border-top: 1px solid var(--line); }
dt { color: var(--soft); } dd { margin: 0; }
dd ul { display: flex; flex-wrap: wrap; gap: .3rem .4rem; margin: 0; padding: 0; list-style: none; }
dd li { border-radius: .3rem; padding: .05rem .5rem; background: var(--field); font-size: .9375rem; }
.notes ul { margin: 0; padding-left: 1.15rem; } .notes li { padding: .15rem 0; } .notes li::marker { color: var(--soft); }
.next p { margin: 0 0 .3rem; } .next li + li { margin-top: 1rem; }
.next ul { margin: 0; padding: 0; list-style: none; }
code {
  display: block; border: 1px solid var(--line); border-radius: .45rem; padding: .55rem .8rem; background: var(--field);
  font: .9375rem/1.55 ui-monospace, "SF Mono", "Cascadia Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace;
  white-space: pre-wrap; -webkit-user-select: all; user-select: all;
}
[hidden] { display: none !important; }
.back { margin: 1.5rem 0 0; }
.button {
  display: inline-block; border: 1px solid var(--accent); border-radius: .45rem; padding: .5rem 1.05rem; background: var(--accent);
  color: var(--on-accent); font: inherit; font-size: 1rem; font-weight: 600; line-height: 1.5; text-decoration: none; cursor: pointer;
}
.button:hover { filter: brightness(1.08); }
.plain { border-color: var(--edge); background: transparent; color: var(--ink); font-weight: 500; }
.danger { border-color: var(--failure); background: transparent; color: var(--failure); }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
footer { border-top: 1px solid var(--line); padding-top: 1rem; font-size: .875rem; line-height: 1.5; color: var(--soft); }
footer p { margin: 0; max-width: 34rem; }
@media (max-width: 34rem) { dl div { grid-template-columns: 1fr; } dt { font-size: .9375rem; } .lead { font-size: 1.125rem; } }
@media (forced-colors: active) { .badge, code, dd li { border: 1px solid; } }
`;

/** The source expression that lets this style sheet, and no other, into a page (CSP Level 3 §2.3.1). */
export const STYLE_HASH = `'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`;
