import { code, table } from './markdown.mjs';

/** Every room may stand on these: they are drawn as one floor, without arrows. */
const GROUND = ['errors', 'protocol', 'common'];

/** These rooms are drawn with all that are in them as one. */
const WHOLE = ['kubernetes/fake'];

/** Column of each room in the picture; its row comes from the imports. */
const COLUMNS = [
  ['cli', 'cli/spdycat'],
  ['http', 'http/client', 'tools/dump', 'cli/spdydump'],
  ['compression', 'tools/page', 'tools/files', 'tools/index', 'cli/spdyspec'],
  ['engine', 'session', 'http/server', 'tools/proxy', 'cli/spdy-kube-fake'],
  ['framing', 'tools/conformance', 'kubernetes/server', 'kubernetes/fake'],
  ['kubernetes/wire', 'kubernetes', 'kubernetes/gateway', 'kubernetes/index'],
  ['kubernetes/kubeconfig', 'kubernetes/client', 'kubernetes/copy', 'kubernetes/client-index'],
  ['index', 'cli/spdyproxy', 'cli/spdyd'],
  ['tools/load', 'cli/spdyload'],
];

const FILLS = {
  http: '#dcebfa',
  kubernetes: '#e2f0dc',
  cli: '#fbe9d0',
  index: '#f3dcea',
};
const CORE_FILL = '#e9e4f5';

const BOX = { width: 150, height: 62 };
const STEP = { x: 168, y: 98 };
const MARGIN = 16;
const LINE_LENGTH = 26;

/** The generated part of docs/architecture.md. */
export async function renderRooms(load) {
  const { rooms, arrows } = await readHouse(load);
  const rows = Object.entries(rooms).map(([name, room]) => {
    const used = arrows.get(name);
    const unused = room.below.filter((other) => !used.has(other));
    const list = (names) => names.map(code).join(', ');
    return [code(name), room.holds, list([...used].sort(byHeight(rooms))), list(unused)];
  });
  return { rooms: table(['Room of `lib/`', 'Holds', 'Imports', 'Might import'], rows) };
}

/** The text of docs/rooms.svg: the rooms, and who imports whom where no longer way says so already. */
export async function drawRooms(load) {
  const { rooms, arrows } = await readHouse(load);
  const names = Object.keys(rooms).filter((name) => !GROUND.includes(name) && drawn(name) === name);
  const inner = new Map(names.map((name) => [name, []]));
  for (const [from, targets] of arrows) {
    const used = inner.get(drawn(from));
    for (const target of [...targets].map(drawn))
      if (inner.has(target) && target !== drawn(from) && !used?.includes(target))
        used?.push(target);
  }
  const rank = ranks(inner);
  const height = Math.max(...rank.values());
  const place = (name) => {
    const column = COLUMNS.findIndex((column) => column.includes(name));
    if (column < 0) throw new Error(`${name} has no column in the picture`);
    return { x: MARGIN + column * STEP.x, y: MARGIN + (height - rank.get(name)) * STEP.y };
  };
  const floor = MARGIN + height * STEP.y;
  const width = 2 * MARGIN + (COLUMNS.length - 1) * STEP.x + BOX.width;
  const total = floor + BOX.height + MARGIN;
  const lines = names.flatMap((name) =>
    direct(name, inner).map((other) => arrow(place(name), place(other))),
  );
  const boxes = names.map((name) => box(place(name), BOX.width, name, rooms[name].holds));
  const part = (width - 2 * MARGIN + STEP.x - BOX.width) / GROUND.length;
  const ground = GROUND.map((name, index) =>
    box(
      { x: MARGIN + index * part, y: floor },
      part - (STEP.x - BOX.width),
      name,
      rooms[name].holds,
    ),
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${total}" width="${width}" height="${total}" font-family="Helvetica, Arial, sans-serif">`,
    '<title>The rooms of lib/ and what they import</title>',
    '<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0 8 4 0 8z" fill="#667"/></marker></defs>',
    `<rect width="${width}" height="${total}" fill="#fff"/>`,
    '<g fill="none" stroke="#667" stroke-width="1.2" marker-end="url(#head)">',
    ...lines,
    '</g>',
    ...boxes,
    ...ground,
    '</svg>',
    '',
  ].join('\n');
}

/** The room in whose place one is drawn. */
function drawn(name) {
  return WHOLE.find((whole) => name.startsWith(`${whole}/`)) ?? name;
}

/** The rooms, and by room the others that its files import. */
async function readHouse(load) {
  const { ROOMS, roomOf } = await load('rooms');
  const { readSources } = await load('sources');
  const arrows = new Map(Object.keys(ROOMS).map((name) => [name, new Set()]));
  for (const { path, targets } of readSources()) {
    const from = roomOf(path);
    for (const target of targets.map(roomOf)) {
      if (target !== from) arrows.get(from)?.add(target);
    }
  }
  return { rooms: ROOMS, arrows };
}

function byHeight(rooms) {
  const names = Object.keys(rooms);
  return (a, b) => names.indexOf(a) - names.indexOf(b);
}

/** The row of each room, 1 at the bottom: above all that it imports. */
function ranks(graph) {
  const known = new Map();
  const rank = (name) => {
    if (!known.has(name)) known.set(name, 1 + Math.max(0, ...graph.get(name).map(rank)));
    return known.get(name);
  };
  for (const name of graph.keys()) rank(name);
  // Not lower than needed: arrows are short then. Rooms stand in the table from the bottom to the top.
  for (const name of [...graph.keys()].reverse()) {
    const above = [...graph.keys()].filter((other) => graph.get(other).includes(name));
    if (above.length > 0) known.set(name, Math.min(...above.map((other) => known.get(other))) - 1);
  }
  return known;
}

/** What a room imports and reaches no other way. */
function direct(name, graph) {
  const reach = (from) => [from, ...graph.get(from).flatMap(reach)];
  const others = graph.get(name);
  return others.filter(
    (other) => !others.some((between) => between !== other && reach(between).includes(other)),
  );
}

function arrow(from, to) {
  const x1 = from.x + BOX.width / 2 + Math.sign(to.x - from.x) * 30;
  const x2 = to.x + BOX.width / 2 + Math.sign(from.x - to.x) * 30;
  const y1 = from.y + BOX.height;
  const y2 = to.y - 2;
  const bend = Math.min(60, (y2 - y1) / 2);
  return `<path d="M${x1} ${y1} C${x1} ${y1 + bend} ${x2} ${y2 - bend} ${x2} ${y2}"/>`;
}

function box({ x, y }, width, name, holds) {
  const fill = FILLS[name.split('/')[0]] ?? CORE_FILL;
  const middle = x + width / 2;
  const text = wrapped(holds.replaceAll('`', ''), Math.floor((width / BOX.width) * LINE_LENGTH));
  const rows = text.map(
    (line, index) =>
      `<text x="${middle}" y="${y + 31 + index * 12}" font-size="10" fill="#445">${escaped(line)}</text>`,
  );
  return [
    '<g text-anchor="middle">',
    `<rect x="${x}" y="${y}" width="${width}" height="${BOX.height}" rx="6" fill="${fill}" stroke="#99a"/>`,
    `<text x="${middle}" y="${y + 16}" font-size="12" font-weight="bold" fill="#112">${name}</text>`,
    ...rows,
    '</g>',
  ].join('');
}

function wrapped(text, length) {
  const lines = [''];
  for (const word of text.split(' ')) {
    const line = lines.at(-1);
    if (line !== '' && line.length + word.length >= length) lines.push(word);
    else lines[lines.length - 1] = line === '' ? word : `${line} ${word}`;
  }
  return lines;
}

function escaped(text) {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
