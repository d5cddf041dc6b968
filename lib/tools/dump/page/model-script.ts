/** The part of the script of a page that knows the frames: what is chosen, found and shown. */
export const MODEL_SCRIPT: string = String.raw`
'use strict';
const data = JSON.parse(document.getElementById('data').textContent);
const byId = (id) => document.getElementById(id);
const count = data.time.length;
const last = count === 0 ? 1 : Math.max(1e-3, data.time[count - 1]);
const view = { from: 0, to: last, connection: data.connections.length === 1 ? data.connections[0].number : 0, found: [], selected: -1, query: '' };
const typeOf = (i) => data.types[data.type[i]];
const extraOf = (i) => data.extra[i] || {};
const warned = (i) => (extraOf(i).warnings || []).length > 0;

/** What is searched of a frame; made when it is needed. */
const texts = new Array(count);
function textOf(i) {
  if (texts[i] === undefined) {
    const extra = extraOf(i);
    const headers = (extra.headers || []).map((pair) => pair.join(': ')).join('\n');
    texts[i] = [typeOf(i), 'stream:' + data.stream[i], 'type:' + typeOf(i), (extra.flags || []).join(' '), extra.summary || '', headers, (extra.warnings || []).map((text) => 'warning: ' + text).join('\n')].join('\n').toLowerCase();
  }
  return texts[i];
}

/** Every word has to be in a frame; stream:5 is that stream, not 51. */
function search() {
  const words = view.query.toLowerCase().split(/\s+/).filter((word) => word !== '');
  const found = [];
  for (let i = 0; i < count; i++) {
    if (view.connection !== 0 && data.connection[i] !== view.connection) continue;
    if (data.time[i] < view.from || data.time[i] > view.to) continue;
    let all = true;
    for (const word of words) {
      const stream = /^stream:(\d+)$/.exec(word);
      if (stream ? Number(stream[1]) !== data.stream[i] : !textOf(i).includes(word)) { all = false; break; }
    }
    if (all) found.push(i);
  }
  view.found = found;
}

/** Streams in the order in which they began, each with its frames. */
const streams = [];
const streamOf = new Map();
for (let i = 0; i < count; i++) {
  if (data.stream[i] === 0) continue;
  const key = data.connection[i] + ' ' + data.stream[i];
  let stream = streamOf.get(key);
  if (stream === undefined) {
    stream = { connection: data.connection[i], id: data.stream[i], frames: [], text: '', warned: false };
    streamOf.set(key, stream);
    streams.push(stream);
  }
  stream.frames.push(i);
  if (stream.text === '' && typeOf(i) === 'SYN_STREAM') stream.text = (extraOf(i).summary || '').replace(/ \(\d+ -> \d+\)/, '');
  if (warned(i)) stream.warned = true;
}

/** Where the first of the found frames is that is not before frame i. */
function placeOf(i) {
  let low = 0;
  let high = view.found.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (view.found[middle] < i) low = middle + 1;
    else high = middle;
  }
  return low;
}

function timeText(i) {
  return data.timed ? (data.time[i] / 1000).toFixed(6) : '';
}

function lineOf(i) {
  const extra = extraOf(i);
  const columns = [String(data.number[i]).padStart(6), timeText(i).padStart(11)];
  if (data.connections.length > 1) columns.push('#' + data.connection[i]);
  columns.push(data.direction[i] === 0 ? 'C>S' : 'S>C', typeOf(i).padEnd(13), String(data.stream[i] || '-').padStart(5), String(data.length[i]).padStart(7));
  return columns.join(' ') + ' ' + (extra.flags || []).concat(extra.summary || []).join(' ') + (warned(i) ? '  ! ' + extra.warnings[0] : '');
}

function element(name, text, className) {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  if (className) made.className = className;
  return made;
}
`;
