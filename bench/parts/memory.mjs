// What idle streams and idle connections keep in memory at both ends, after a forced collection, and what is left when they have gone.
import { field, interleave, median, target } from '../support/measure.mjs';
import { startPair } from '../support/pairs.mjs';

// spdy-transport resets some of so many streams when they end.
const STREAMS = ['http2', 'Session', 'SpdyStream', 'http2 compat', 'createServer'];
const CONNECTIONS = [...STREAMS, 'http/1.1', 'spdy-transport'];
const COLUMNS = [
  'through',
  'heap, client',
  'heap, server',
  'both of http2',
  'RSS, client',
  'RSS, server',
  'both of http2',
  'heap left',
  'RSS left',
];

export async function run({ size, rounds }) {
  const quick = size === 'quick';
  const streams = quick ? 1000 : 10_000;
  const connections = quick ? 100 : 1000;
  const few = size !== 'full';
  const pick = (kinds) =>
    few ? kinds.filter((kind) => ['http2', 'SpdyStream'].includes(kind)) : kinds;
  const cases = {};
  for (const kind of pick(STREAMS)) cases[`streams|${kind}`] = () => measure(kind, streams, 'hold');
  for (const kind of pick(CONNECTIONS))
    cases[`connections|${kind}`] = () => measure(kind, connections, 'fill');
  const results = await interleave(cases, quick ? 1 : Math.min(rounds, 3), { warmUp: 0 });
  return {
    tables: [
      tableOf(results, 'streams', `${streams} idle streams of a connection, KiB each`),
      tableOf(results, 'connections', `${connections} idle connections after a request, KiB each`),
    ],
    results,
    targets: [
      targetOf(results, 'streams', 'heap', 'heap per idle stream, both ends'),
      targetOf(results, 'streams', 'rss', 'RSS per idle stream, both ends'),
      targetOf(results, 'connections', 'rss', 'RSS per idle connection, both ends'),
      target(
        'heap per idle connection, an end',
        median(field(results, 'connections|SpdyStream', 'heap')) / 2,
        '<=',
        8,
        'KiB',
      ),
    ],
  };
}

/** KiB per stream or connection at each end, and after they have gone. "Heap" includes buffers and what else V8 knows of outside. */
async function measure(kind, count, fill) {
  const pair = await startPair(kind);
  // So many that the lists of headers are made that come again (RING), and that what is called often is compiled.
  await pair.work('first', { count: 2000, atOnce: 10 });
  if (fill === 'hold') {
    await pair.client.call('hold', 1000);
    await pair.client.call('release');
  }
  if (fill === 'fill') await pair.client.call('disconnect');
  const before = await pair.memory();
  await pair.client.call(fill, count);
  const during = await pair.memory();
  await pair.client.call(fill === 'fill' ? 'disconnect' : 'release');
  const after = await pair.memory();
  pair.close();
  const each = (then, end) => ({
    heap: (total(then[end]) - total(before[end])) / count / 1024,
    rss: (then[end].rss - before[end].rss) / count / 1024,
  });
  const [client, server] = [each(during, 'client'), each(during, 'server')];
  const left = [each(after, 'client'), each(after, 'server')];
  return {
    heapClient: client.heap,
    heapServer: server.heap,
    heap: client.heap + server.heap,
    rssClient: client.rss,
    rssServer: server.rss,
    rss: client.rss + server.rss,
    heapLeft: left[0].heap + left[1].heap,
    rssLeft: left[0].rss + left[1].rss,
  };
}

const total = ({ heap, external }) => heap + external;

function tableOf(results, what, title) {
  const rows = Object.keys(results)
    .filter((key) => key.startsWith(`${what}|`))
    .map((key) => {
      const value = (name) => median(field(results, key, name));
      const of = (name) => value(name) / median(field(results, `${what}|http2`, name));
      return [
        key.split('|')[1],
        ...[value('heapClient'), value('heapServer'), of('heap')],
        ...[value('rssClient'), value('rssServer'), of('rss')],
        ...[value('heapLeft'), value('rssLeft')],
      ];
    });
  return { title, columns: COLUMNS, rows };
}

function targetOf(results, what, name, work) {
  const value = (kind) => median(field(results, `${what}|${kind}`, name));
  return target(work, value('SpdyStream') / value('http2'), '<=', 1, 'x http2');
}
