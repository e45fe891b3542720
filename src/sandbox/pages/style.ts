/** The whole style of the sandbox's pages, in the page itself: its hash is what the Content-Security-Policy allows. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --ground: #f4ecdc; --card: #fffdf8; --ink: #2d261c; --soft: #6b5f4d; --line: #ddceb2;
  --accent: #8a4b16; --on-accent: #fffdf8; --stripe: #e9b44c; --on-stripe: #2d261c; --alarm: #9b2c1f;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #1c1812; --card: #27211a; --ink: #f1e8d8; --soft: #b9ab94; --line: #453a2c;
    --accent: #eab464; --on-accent: #231a0e; --stripe: #b98520; --on-stripe: #1c1812; --alarm: #ffab9c;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink); font: 1rem/1.55 system-ui, sans-serif; }
.banner { margin: 0; padding: .6rem 1.25rem; background: var(--stripe); color: var(--on-stripe); text-align: center; font-size: .9rem; }
main { max-width: 36rem; margin: 2.5rem auto; padding: 2.25rem 2.5rem 2rem; background: var(--card); border: 1px solid var(--line); border-radius: 1rem; }
main.wide { max-width: 52rem; }
h1 { margin: 0 0 .5rem; font: 600 1.7rem/1.25 ui-serif, Georgia, serif; text-wrap: pretty; }
h2, legend { margin: 2rem 0 .5rem; padding: 0; font: 600 1.1rem/1.3 ui-serif, Georgia, serif; }
p { margin: 0 0 1rem; }
main > :last-child { margin-bottom: 0; }
.soft, dt, small, footer { color: var(--soft); }
small { font-size: .85rem; }
code { font: .9em/1.5 ui-monospace, monospace; overflow-wrap: anywhere; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .35rem 1.25rem; margin: 1.25rem 0 0; padding: 1rem 1.15rem; background: var(--ground); border-radius: .6rem; }
dd { margin: 0; overflow-wrap: anywhere; }
fieldset { margin: 0; padding: 0; border: 0; min-width: 0; }
legend { float: left; width: 100%; }
legend + * { clear: both; }
.scopes { list-style: none; margin: 0; padding: 0; border-top: 1px solid var(--line); }
.scopes li { border-bottom: 1px solid var(--line); }
.scopes label { display: flex; align-items: center; gap: .8rem; padding: .6rem 0; cursor: pointer; }
.scopes code { margin-left: auto; color: var(--soft); font-size: .8rem; text-align: right; }
input[type=checkbox] { flex: none; width: 1.15rem; height: 1.15rem; margin: 0; accent-color: var(--accent); }
.who { display: block; margin: 1.75rem 0 .4rem; font: 600 1.1rem/1.3 ui-serif, Georgia, serif; }
select, button { min-height: 2.9rem; padding: .5rem 1rem; border: 1px solid var(--soft); border-radius: .6rem; font: inherit; }
select { width: 100%; background: var(--card); color: var(--ink); }
.actions { display: flex; gap: .8rem; margin-top: 1.75rem; }
button { flex: 1; background: transparent; color: var(--ink); font-weight: 600; cursor: pointer; }
button[value=allow] { background: var(--accent); border-color: var(--accent); color: var(--on-accent); }
button:hover { filter: brightness(1.1); }
:focus-visible { outline: 3px solid var(--stripe); outline-offset: 3px; }
.notice { margin: 1rem 0 0; padding: .7rem 1rem; border-left: 4px solid var(--alarm); background: var(--ground); }
footer { margin-top: 1.75rem; font-size: .85rem; }
table { width: 100%; border-collapse: collapse; font-size: .92rem; }
th, td { padding: .5rem .9rem .5rem 0; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; }
td code { white-space: nowrap; }
table + table { margin-top: 1.5rem; }
th { color: var(--soft); font-weight: 600; }
@media (max-width: 34rem) {
  body { background: var(--card); }
  main { margin: 0; padding: 1.6rem 1.25rem; border: 0; border-radius: 0; }
  dl { grid-template-columns: 1fr; gap: 0; }
  dd + dt { margin-top: .6rem; }
  thead { display: none; }
  table, tbody, tr, td { display: block; }
  tr { padding: .6rem 0; border-bottom: 1px solid var(--line); }
  td { padding: 0; border: 0; }
  td code { white-space: normal; }
}
`;
