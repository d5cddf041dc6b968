/** The style of the page: light and dark, by what the reader prefers. */
export const LOAD_PAGE_STYLE: string = `
:root { color-scheme: light dark; --back: #fff; --panel: #f5f6f8; --text: #1c2128; --dim: #5b6470; --line: #d4d9e0; --a: #0b7285; --b: #9b3fb5; --c: #b35900; --warn: #c92a2a; --bar: #9db7d9; }
@media (prefers-color-scheme: dark) { :root { --back: #14171c; --panel: #1d2229; --text: #e3e7ed; --dim: #9aa4b1; --line: #363d48; --a: #5cc8dc; --b: #d08be4; --c: #f0a860; --warn: #ff7b72; --bar: #486a94; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 1100px; padding: 12px 16px; background: var(--back); color: var(--text); font: 14px/1.4 system-ui, sans-serif; }
h1 { font-size: 18px; margin: 4px 0 12px; overflow-wrap: anywhere; }
h2 { font-size: 14px; margin: 18px 0 4px; }
h2 span { margin-left: 12px; font-weight: normal; }
pre { margin: 0; padding: 10px 12px; overflow-x: auto; background: var(--panel); border: 1px solid var(--line); border-radius: 4px; font: 12px/1.45 ui-monospace, monospace; }
svg { display: block; width: 100%; height: auto; }
svg text { fill: var(--dim); font: 11px system-ui, sans-serif; }
.end { text-anchor: end; }
.middle { text-anchor: middle; }
.grid { stroke: var(--line); stroke-width: 1; }
.line { fill: none; stroke-width: 1.5; }
.a { stroke: var(--a); } .b { stroke: var(--b); } .c { stroke: var(--c); }
h2 .a { color: var(--a); } h2 .b { color: var(--b); } h2 .c { color: var(--c); } h2 .warn { color: var(--warn); }
.bar { fill: var(--bar); }
rect.warn { fill: var(--warn); }
.point { fill: transparent; }
.point:hover { fill: var(--dim); fill-opacity: 0.2; }
p { color: var(--dim); }
`;
