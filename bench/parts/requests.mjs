// Small requests over loopback, server and client in separate processes: 12 request headers, 8 reply headers; GET without a body,
// POST with 1 KiB; replies without a body.
import { foreignKinds } from '../support/foreign.mjs';
import { field, interleave, median, ratio, spread, target } from '../support/measure.mjs';
import { closePairs, startPairs } from '../support/pairs.mjs';

/** The interfaces, each with what it is compared with. */
const LAYERS = {
  'stream API': { base: 'http2', kinds: ['http2', 'spdy-transport', 'Session', 'SpdyStream'] },
  'HTTP layer': {
    base: 'http2 compat',
    kinds: ['http2 compat', 'http/1.1', 'createServer', 'createServer, agent'],
  },
};
const QUICK = [
  ['TCP', 'GET', 1, [1, 100]],
  ['TCP', 'POST', 10, [100]],
  ['TLS', 'GET', 1, [100]],
];
const TARGETS = [['TCP', 'GET', 1, [1, 100]]];
const FULL = [
  ['TCP', 'GET', 1, [1, 10, 100, 1000]],
  ['TCP', 'GET', 10, [10, 100, 1000]],
  ['TCP', 'POST', 1, [1, 10, 100, 1000]],
  ['TCP', 'POST', 10, [10, 100, 1000]],
  ['TLS', 'GET', 1, [1, 100]],
  ['TLS', 'POST', 1, [1, 100]],
];
const COLUMNS = [
  'through',
  'at once',
  'requests/s',
  'of base',
  'spread %',
  'client us',
  'server us',
  'server of base',
];

export async function run({ size, rounds }) {
  const groups = { quick: QUICK, targets: TARGETS, full: FULL }[size];
  const cases = {};
  const foreign = foreignKinds();
  const all = {
    TCP: await startPairs([...Object.values(LAYERS).flatMap(({ kinds }) => kinds), ...foreign]),
    TLS: {},
  };
  if (size !== 'targets')
    all.TLS = await startPairs(
      Object.values(LAYERS).flatMap(({ kinds }) => kinds),
      {
        secure: true,
      },
    );
  for (const [transport, method, over, concurrency] of groups) {
    for (const [kind, pair] of Object.entries(all[transport])) {
      const stranger = foreign.includes(kind);
      for (const atOnce of concurrency) {
        // A connection of HTTP/1.1 carries one request, so there are as many as requests; foreign servers only get the plainest work.
        if (over > 1 && (kind === 'http/1.1' || stranger)) continue;
        if (stranger && (method === 'POST' || atOnce > 100)) continue;
        const ms = size === 'quick' ? 30 : transport === 'TCP' && over === 1 ? 300 : 200;
        const path = kind === 'Netty' ? '/status/200' : '/empty';
        cases[keyOf(transport, method, over, kind, atOnce)] = () =>
          measure(pair, { method, path, atOnce, over, ms });
      }
    }
  }
  if (size === 'full' && all.TCP.Netty)
    await measure(all.TCP.Netty, { path: '/status/200', atOnce: 100, ms: 3000 });
  const results = await interleave(cases, rounds, { seconds: 270 });
  for (const pairs of Object.values(all)) closePairs(pairs);
  const tables = groups.flatMap((group) =>
    Object.entries(LAYERS).map(([layer, { base, kinds }]) => {
      const members = layer === 'stream API' ? [...kinds, ...foreign] : kinds;
      return tableOf(results, group, layer, base, members);
    }),
  );
  return { tables, results, targets: targetsOf(results) };
}

const keyOf = (...parts) => parts.join('|');

async function measure(pair, work) {
  const { count, seconds, clientCpu, serverCpu } = await pair.work('requests', work);
  return { rate: count / seconds, client: clientCpu / count, server: serverCpu / count };
}

function tableOf(results, [transport, method, over, concurrency], layer, base, kinds) {
  const rows = [];
  for (const atOnce of concurrency) {
    const baseKey = keyOf(transport, method, over, base, atOnce);
    for (const kind of kinds) {
      const key = keyOf(transport, method, over, kind, atOnce);
      if (!results[key]) continue;
      rows.push([
        kind,
        atOnce,
        median(field(results, key, 'rate')),
        ratio(results, key, baseKey, 'rate'),
        spread(field(results, key, 'rate')),
        median(field(results, key, 'client')),
        median(field(results, key, 'server')),
        ratio(results, key, baseKey, 'server'),
      ]);
    }
  }
  const what = method === 'GET' ? 'empty GET' : '1 KiB POST';
  const title = `${what}, ${layer}, ${transport}, ${over === 1 ? '1 connection' : `${over} connections`} (base: ${base})`;
  return { title, columns: COLUMNS, rows };
}

function targetsOf(results) {
  const against = (kind, base, atOnce, key) =>
    ratio(results, keyOf('TCP', 'GET', 1, kind, atOnce), keyOf('TCP', 'GET', 1, base, atOnce), key);
  const get = 'empty GET, 1 connection, TCP';
  const hundred = `${get}, 100 streams`;
  const cpu = 'server CPU per request, 100 streams';
  return [
    [`${hundred}, stream API`, 'SpdyStream', 'http2', 100, 'rate', 2],
    [`${hundred}, stream API`, 'SpdyStream', 'spdy-transport', 100, 'rate', 6],
    [`${hundred}, HTTP layer`, 'createServer', 'http2 compat', 100, 'rate', 1.3],
    [`${get}, 1 stream at a time, stream API`, 'SpdyStream', 'http2', 1, 'rate', 1.5],
    [`${cpu}, stream API`, 'SpdyStream', 'http2', 100, 'server', 0.6],
    [`${cpu}, HTTP layer`, 'createServer', 'http2 compat', 100, 'server', 0.6],
  ].map(([work, kind, base, atOnce, key, wanted]) => {
    const measured = against(kind, base, atOnce, key);
    return target(work, measured, key === 'rate' ? '>=' : '<=', wanted, `x ${base}`);
  });
}
