/** The style of a page: light and dark, by what the reader prefers or chooses. */
export const PAGE_STYLE: string = `
:root { color-scheme: light dark; --back: #fff; --panel: #f5f6f8; --text: #1c2128; --dim: #5b6470; --line: #d4d9e0; --c2s: #9b3fb5; --s2c: #0b7285; --warn: #c92a2a; --mark: #dbe9ff; --bar: #9db7d9; }
@media (prefers-color-scheme: dark) { :root:not([data-theme=light]) { --back: #14171c; --panel: #1d2229; --text: #e3e7ed; --dim: #9aa4b1; --line: #363d48; --c2s: #d08be4; --s2c: #5cc8dc; --warn: #ff7b72; --mark: #24405f; --bar: #486a94; } }
:root[data-theme=dark] { color-scheme: dark; --back: #14171c; --panel: #1d2229; --text: #e3e7ed; --dim: #9aa4b1; --line: #363d48; --c2s: #d08be4; --s2c: #5cc8dc; --warn: #ff7b72; --mark: #24405f; --bar: #486a94; }
:root[data-theme=light] { color-scheme: light; }
* { box-sizing: border-box; }
html, body { height: 100%; margin: 0; }
body { display: flex; flex-direction: column; background: var(--back); color: var(--text); font: 13px/1.4 system-ui, sans-serif; }
header { display: flex; flex-wrap: wrap; gap: 8px 14px; align-items: center; padding: 8px 12px; background: var(--panel); border-bottom: 1px solid var(--line); }
h1 { font-size: 15px; margin: 0; }
h2 { font-size: 12px; margin: 0; font-weight: 600; color: var(--dim); }
header p { margin: 0; color: var(--dim); }
select { max-width: 26em; }
input, select, button { font: inherit; color: inherit; background: var(--back); border: 1px solid var(--line); border-radius: 4px; padding: 3px 8px; }
input { width: 22em; }
button { cursor: pointer; }
:focus-visible { outline: 2px solid var(--s2c); outline-offset: 1px; }
.spring { flex: 1; }
.charts { display: grid; grid-template-columns: minmax(0, 1fr); gap: 2px; padding: 6px 12px; border-bottom: 1px solid var(--line); }
.charts canvas { display: block; width: 100%; cursor: crosshair; }
.rows { height: 20vh; overflow-y: auto; position: relative; border: 1px solid var(--line); border-radius: 4px; }
.rows canvas { position: sticky; top: 0; }
.legend span { margin-left: 10px; font-weight: normal; }
.legend .c2s, .c2s { color: var(--c2s); }
.legend .s2c, .s2c { color: var(--s2c); }
main { flex: 1; min-height: 0; display: grid; grid-template-columns: minmax(0, 3fr) minmax(240px, 2fr); }
#frames { overflow: auto; position: relative; font: 12px/22px ui-monospace, monospace; }
#space { position: relative; }
.frame { position: absolute; left: 0; right: 0; height: 22px; padding: 0 12px; white-space: pre; overflow: hidden; text-overflow: ellipsis; cursor: pointer; }
.frame[aria-selected=true] { background: var(--mark); }
.frame.warned { color: var(--warn); }
#details { overflow: auto; padding: 8px 12px; border-left: 1px solid var(--line); background: var(--panel); overflow-wrap: anywhere; }
#details table { border-collapse: collapse; margin: 4px 0 10px; }
#details td, #details th { text-align: left; vertical-align: top; padding: 1px 8px 1px 0; font: 12px/1.5 ui-monospace, monospace; }
#details th { color: var(--dim); font-weight: normal; white-space: nowrap; }
#details .warned { color: var(--warn); font-weight: 600; }
.help { color: var(--dim); margin: 8px 0 0; }
kbd { border: 1px solid var(--line); border-radius: 3px; padding: 0 4px; font: 11px ui-monospace, monospace; }
@media (max-width: 800px) { main { grid-template-columns: 1fr; grid-template-rows: 3fr 2fr; } #details { border-left: 0; border-top: 1px solid var(--line); } input { width: 100%; } }
`;
