/** The part of the script of a page that the reader meets: the list, details, keys, search, zoom. */
export const LIST_SCRIPT: string = `
const LINE = 22;
const list = byId('frames');

/** Only the lines that can be seen are there. */
function drawList() {
  const space = byId('space');
  space.style.height = view.found.length * LINE + 'px';
  const first = Math.max(0, Math.floor(list.scrollTop / LINE) - 5);
  const end = Math.min(view.found.length, first + Math.ceil(list.clientHeight / LINE) + 10);
  const lines = document.createDocumentFragment();
  for (let place = first; place < end; place++) {
    const i = view.found[place];
    const line = element('div', lineOf(i), 'frame ' + (data.direction[i] === 0 ? 'c2s' : 's2c') + (warned(i) ? ' warned' : ''));
    line.id = 'frame-' + i;
    line.style.top = place * LINE + 'px';
    line.setAttribute('role', 'option');
    line.setAttribute('aria-selected', String(i === view.selected));
    line.setAttribute('aria-setsize', String(view.found.length));
    line.setAttribute('aria-posinset', String(place + 1));
    line.addEventListener('click', () => select(i));
    lines.append(line);
  }
  space.replaceChildren(lines);
  if (view.selected >= 0) list.setAttribute('aria-activedescendant', 'frame-' + view.selected);
}

function tableOf(pairs) {
  const table = element('table');
  for (const [name, value, className] of pairs) {
    const row = element('tr');
    row.append(element('th', name), element('td', value, className));
    table.append(row);
  }
  return table;
}

function drawDetails() {
  const box = byId('details');
  const i = view.selected;
  if (i < 0) { box.replaceChildren(element('h2', 'Notes'), tableOf(data.notes.map((note) => [note.where, note.text])), byId('keys').content.cloneNode(true)); return; }
  const extra = extraOf(i);
  const facts = (extra.warnings || []).map((text) => ['warning', text, 'warned']);
  facts.push(['frame', String(data.number[i])], ['type', typeOf(i)], ['direction', data.direction[i] === 0 ? 'client to server' : 'server to client'], ['stream', String(data.stream[i])], ['length', String(data.length[i])]);
  if (data.timed) facts.push(['time', timeText(i) + ' s']);
  if (extra.flags) facts.push(['flags', extra.flags.join(' ')]);
  if (data.offset[i] !== null) facts.push(['offset', String(data.offset[i])]);
  if (data.window[i] !== null) facts.push(['window', String(data.window[i])]);
  if (data.sessionWindow[i] !== null) facts.push(['session window', String(data.sessionWindow[i])]);
  if (extra.headerBytes) facts.push(['header block', extra.headerBytes.plain + ' bytes sent as ' + extra.headerBytes.compressed]);
  for (const [name, value] of Object.entries(extra.fields || {})) facts.push([name, typeof value === 'object' ? JSON.stringify(value) : String(value)]);
  if (extra.missing) facts.push(['missing', extra.missing + ' bytes']);
  const parts = [element('h2', typeOf(i) + (data.stream[i] ? ' of stream ' + data.stream[i] : '')), tableOf(facts)];
  if (extra.headers) parts.push(element('h2', 'Headers'), tableOf(extra.headers));
  box.replaceChildren(...parts, byId('keys').content.cloneNode(true));
}

function select(i) {
  view.selected = i;
  if (i >= 0) {
    const top = placeOf(i) * LINE;
    if (top < list.scrollTop) list.scrollTop = top;
    else if (top + LINE > list.scrollTop + list.clientHeight) list.scrollTop = top + LINE - list.clientHeight;
  }
  drawList();
  drawDetails();
  drawWindows();
  drawStreams();
}

function refresh() {
  search();
  byId('found').textContent = view.found.length === count ? count + ' frames' : view.found.length + ' of ' + count + ' frames';
  drawList();
  drawAll();
}

function zoom(from, to) {
  view.from = Math.max(0, Math.min(from, to));
  view.to = Math.min(last, Math.max(from, to));
  if (view.to - view.from < last / 1e7) view.to = Math.min(last, view.from + last / 1e7);
  refresh();
}

/** Selects the next frame in a direction for which something holds. */
function step(by, holds) {
  const { found, selected } = view;
  let place = selected < 0 ? (by > 0 ? -1 : found.length) : placeOf(selected);
  if (selected >= 0 && by < 0 === false && found[place] !== selected) place--;
  for (place += by; place >= 0 && place < found.length; place += by) {
    if (holds(found[place])) { select(found[place]); return; }
  }
}

const always = () => true;
const same = (i) => data.stream[i] === data.stream[view.selected] && data.connection[i] === data.connection[view.selected];
const page = () => Math.max(1, Math.floor(list.clientHeight / LINE) - 1);
const middle = () => (view.from + view.to) / 2;
const jump = (place) => { if (view.found.length > 0) select(view.found[Math.max(0, Math.min(view.found.length - 1, place))]); };
const KEYS = {
  ArrowDown: () => step(1, always), j: () => step(1, always), ArrowUp: () => step(-1, always), k: () => step(-1, always),
  PageDown: () => jump((view.selected < 0 ? 0 : placeOf(view.selected)) + page()), PageUp: () => jump((view.selected < 0 ? 0 : placeOf(view.selected)) - page()),
  Home: () => jump(0), End: () => jump(view.found.length - 1),
  ']': () => step(1, same), '[': () => step(-1, same), w: () => step(1, warned), W: () => step(-1, warned),
  '+': () => zoom(middle() - span() / 4, middle() + span() / 4), '-': () => zoom(middle() - span(), middle() + span()), 0: () => zoom(0, last),
  '/': () => byId('query').focus(), Escape: () => select(-1),
  f: () => { if (view.selected >= 0 && data.stream[view.selected] !== 0) query('stream:' + data.stream[view.selected]); },
};

document.addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const typing = event.target instanceof HTMLInputElement || event.target instanceof HTMLSelectElement;
  if (typing && event.key === 'Escape') { event.target.blur(); return; }
  if (typing && !(event.target === byId('query') && (event.key === 'ArrowDown' || event.key === 'ArrowUp'))) return;
  const action = Object.hasOwn(KEYS, event.key) ? KEYS[event.key] : null;
  if (action === null) return;
  event.preventDefault();
  action();
});

function query(text) {
  byId('query').value = text;
  view.query = text;
  list.scrollTop = 0;
  refresh();
}

let timer = 0;
byId('query').addEventListener('input', () => {
  clearTimeout(timer);
  timer = setTimeout(() => query(byId('query').value), 120);
});
byId('connection').addEventListener('change', () => {
  view.connection = Number(byId('connection').value);
  list.scrollTop = 0;
  view.selected = -1;
  drawDetails();
  refresh();
});
byId('theme').addEventListener('click', () => {
  const root = document.documentElement;
  const dark = root.dataset.theme ? root.dataset.theme === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches;
  root.dataset.theme = dark ? 'light' : 'dark';
  drawAll();
});
list.addEventListener('scroll', () => requestAnimationFrame(drawList));
byId('rows').addEventListener('scroll', () => requestAnimationFrame(drawStreams));
byId('rows').addEventListener('click', (event) => {
  const row = Math.floor((event.clientY - byId('rows').getBoundingClientRect().top + byId('rows').scrollTop) / ROW);
  const stream = rows[row];
  if (stream) select(stream.frames[0]);
});
for (const id of ['bytes', 'windows']) {
  const canvas = byId(id);
  const timeAt = (event) => view.from + ((event.offsetX - LABEL) / (canvas.clientWidth - LABEL - 8)) * span();
  let begun = null;
  canvas.addEventListener('pointerdown', (event) => { begun = timeAt(event); canvas.setPointerCapture(event.pointerId); });
  canvas.addEventListener('pointerup', (event) => {
    const to = timeAt(event);
    if (begun !== null && Math.abs(to - begun) > span() / 200) zoom(begun, to);
    begun = null;
  });
  canvas.addEventListener('dblclick', () => zoom(0, last));
}
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', drawAll);
addEventListener('resize', () => { drawList(); drawAll(); });

for (const { number, text } of [{ number: 0, text: 'all connections' }].concat(data.connections)) {
  const option = element('option', text);
  option.value = String(number);
  byId('connection').append(option);
}
byId('connection').value = String(view.connection);
drawDetails();
refresh();
document.documentElement.dataset.ready = 'true';
`;
