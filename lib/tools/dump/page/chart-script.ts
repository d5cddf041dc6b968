/** The part of the script of a page that draws: bytes on the wire, windows, streams over time. */
export const CHART_SCRIPT: string = `
const ROW = 16;
const LABEL = 260;
let colors = {};

function readColors() {
  const style = getComputedStyle(document.documentElement);
  for (const name of ['text', 'dim', 'line', 'c2s', 's2c', 'warn', 'mark', 'bar', 'back']) colors[name] = style.getPropertyValue('--' + name).trim();
}

/** A canvas with the pixels of the screen; null while it is not seen. */
function prepare(canvas, height) {
  const width = canvas.clientWidth;
  if (width === 0) return null;
  const ratio = window.devicePixelRatio || 1;
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  canvas.style.height = height + 'px';
  const draw = canvas.getContext('2d');
  draw.scale(ratio, ratio);
  draw.clearRect(0, 0, width, height);
  draw.font = '11px system-ui, sans-serif';
  draw.textBaseline = 'middle';
  return { draw, width, height };
}

const span = () => Math.max(1e-9, view.to - view.from);
const xOf = (time, width) => LABEL + ((time - view.from) / span()) * (width - LABEL - 8);
const shownOf = (i) => view.connection === 0 || data.connection[i] === view.connection;

function label(draw, text, y, color) {
  draw.fillStyle = color || colors.dim;
  let shown = text;
  while (shown.length > 4 && draw.measureText(shown).width > LABEL - 16) shown = shown.slice(0, Math.floor(shown.length * 0.9) - 1) + '…';
  draw.fillText(shown, 6, y);
}

function sizeText(bytes) {
  const units = ['B', 'kB', 'MB', 'GB'];
  let value = bytes;
  let unit = 0;
  while (Math.abs(value) >= 1000 && unit < 3) { value /= 1000; unit++; }
  return (unit === 0 ? Math.round(value) : value.toFixed(1)) + ' ' + units[unit];
}

function drawBytes() {
  const area = prepare(byId('bytes'), 64);
  if (area === null) return;
  const { draw, width, height } = area;
  const columns = Math.max(1, Math.floor((width - LABEL - 8) / 3));
  const sums = [new Float64Array(columns), new Float64Array(columns)];
  for (let i = 0; i < count; i++) {
    const time = data.time[i];
    if (time < view.from || time > view.to || !shownOf(i)) continue;
    sums[data.direction[i]][Math.min(columns - 1, Math.floor(((time - view.from) / span()) * columns))] += data.length[i] + 8;
  }
  const most = Math.max(1, ...sums[0], ...sums[1]);
  const middle = height / 2;
  for (const side of [0, 1]) {
    draw.fillStyle = side === 0 ? colors.c2s : colors.s2c;
    for (let column = 0; column < columns; column++) {
      const size = sums[side][column] === 0 ? 0 : Math.max(1, (sums[side][column] / most) * (middle - 2));
      draw.fillRect(LABEL + column * 3, side === 0 ? middle - size : middle + 1, 2, size);
    }
  }
  draw.fillStyle = colors.line;
  draw.fillRect(LABEL, middle, width - LABEL - 8, 1);
  label(draw, 'client to server', middle / 2, colors.c2s);
  label(draw, 'server to client', middle * 1.5, colors.s2c);
  draw.fillStyle = colors.dim;
  draw.textAlign = 'right';
  draw.fillText('most: ' + sizeText(most), LABEL - 8, middle);
  draw.textAlign = 'left';
}

/** Levels of the session's windows, or of those of the stream that is selected. */
function drawWindows() {
  const area = prepare(byId('windows'), 72);
  if (area === null) return;
  const { draw, width, height } = area;
  const chosen = view.selected >= 0 ? data.stream[view.selected] : 0;
  const connection = view.selected >= 0 ? data.connection[view.selected] : view.connection;
  const lines = [[], []];
  let low = 0;
  let high = 1;
  for (let i = 0; i < count; i++) {
    const name = typeOf(i);
    if ((name !== 'DATA' && name !== 'WINDOW_UPDATE') || (connection !== 0 && data.connection[i] !== connection)) continue;
    if (chosen !== 0 && data.stream[i] !== chosen) continue;
    const level = chosen === 0 ? data.sessionWindow[i] : data.window[i];
    if (level === null) continue;
    const sender = name === 'DATA' ? data.direction[i] : 1 - data.direction[i];
    lines[sender].push([data.time[i], level]);
    low = Math.min(low, level);
    high = Math.max(high, level);
  }
  const yOf = (level) => height - 6 - ((level - low) / (high - low)) * (height - 12);
  draw.fillStyle = colors.line;
  draw.fillRect(LABEL, yOf(0), width - LABEL - 8, 1);
  for (const side of [0, 1]) {
    draw.strokeStyle = side === 0 ? colors.c2s : colors.s2c;
    draw.beginPath();
    let before = null;
    for (const [time, level] of lines[side]) {
      const x = Math.max(LABEL, Math.min(width, xOf(time, width)));
      if (before === null) draw.moveTo(x, yOf(level));
      else { draw.lineTo(x, before); draw.lineTo(x, yOf(level)); }
      before = yOf(level);
    }
    if (before !== null) draw.lineTo(width - 8, before);
    draw.stroke();
  }
  const what = chosen === 0 ? 'windows of the session' : 'windows of stream ' + chosen;
  label(draw, what, height / 2 - 8, colors.text);
  const some = lines[0].length + lines[1].length > 0;
  label(draw, some ? sizeText(low) + ' to ' + sizeText(high) : 'none are known', height / 2 + 8);
}

let rows = [];
function drawStreams() {
  const box = byId('rows');
  rows = streams.filter((stream) => view.connection === 0 || stream.connection === view.connection);
  byId('tall').style.height = Math.max(0, rows.length * ROW - box.clientHeight) + 'px';
  const area = prepare(byId('streams'), box.clientHeight);
  if (area === null) return;
  const { draw, width, height } = area;
  const first = Math.floor(box.scrollTop / ROW);
  const chosen = view.selected >= 0 ? streamOf.get(data.connection[view.selected] + ' ' + data.stream[view.selected]) : undefined;
  for (let row = first; row < rows.length && (row - first) * ROW < height; row++) {
    const stream = rows[row];
    const y = (row - first) * ROW;
    if (stream === chosen) { draw.fillStyle = colors.mark; draw.fillRect(0, y, width, ROW); }
    const name = (data.connections.length > 1 ? '#' + stream.connection + ' ' : '') + stream.id + ' ' + stream.text;
    label(draw, name, y + ROW / 2, stream.warned ? colors.warn : colors.text);
    const begin = xOf(data.time[stream.frames[0]], width);
    const end = xOf(data.time[stream.frames[stream.frames.length - 1]], width);
    draw.save();
    draw.beginPath();
    draw.rect(LABEL, y, width - LABEL, ROW);
    draw.clip();
    draw.fillStyle = colors.bar;
    draw.fillRect(begin, y + 6, Math.max(2, end - begin), 4);
    let before = [-9, -9];
    for (const i of stream.frames) {
      const x = Math.round(xOf(data.time[i], width));
      const side = data.direction[i];
      if (x === before[side] && !warned(i)) continue;
      before[side] = x;
      draw.fillStyle = warned(i) ? colors.warn : side === 0 ? colors.c2s : colors.s2c;
      draw.fillRect(x, side === 0 ? y + 2 : y + 8, 2, 6);
    }
    draw.restore();
  }
}

function drawAll() {
  readColors();
  drawBytes();
  drawWindows();
  drawStreams();
}
`;
