// Small requests over loopback, server and client in separate processes: 12 request headers, 8 reply headers; GET without a body,
// POST with 1 KiB; replies without a body.
import { field, interleave, median, ratio, spread } from './measure.mjs';
import { closePairs, startPairs } from './pairs.mjs';

/** The interfaces, each with what it is compared with. */
const LAYERS = {
  'stream API': { base: 'http2', kinds: ['http2', 'spdy-transport', 'Session', 'SpdyStream'] },
  'HTTP layer': {
    base: 'http2 compat',
    kinds: ['http2 compat', 'http/1.1', 'createServer', 'createServer, agent'],
  },
};
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

/**
 * Measures groups: each is a transport, a method, a number of connections, and how many requests are under way.
 *
 * @param {[string, string, number, number[]][]} groups
 * @param {{ size: string, rounds: number }} context
 * @param {string[]} foreign servers in other languages that take part
 */
export async function measureGroups(groups, { size, rounds }, foreign = []) {
  const cases = {};
  const all = {};
  const kinds = Object.values(LAYERS).flatMap((layer) => layer.kinds);
  for (const transport of new Set(groups.map(([name]) => name))) {
    const secure = transport === 'TLS';
    all[transport] = await startPairs([...kinds, ...(secure ? [] : foreign)], { secure });
  }
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
  if (size === 'full' && all.TCP?.Netty)
    await measure(all.TCP.Netty, { path: '/status/200', atOnce: 100, ms: 3000 });
  const warmUp = size === 'quick' ? 1 : 3;
  const results = await interleave(cases, rounds, { warmUp, seconds: 270 });
  for (const pairs of Object.values(all)) closePairs(pairs);
  const tables = groups.flatMap((group) =>
    Object.entries(LAYERS).map(([layer, { base, kinds }]) => {
      const members = layer === 'stream API' ? [...kinds, ...foreign] : kinds;
      return tableOf(results, group, layer, base, members);
    }),
  );
  return { tables, results };
}

/** The name of a case: transport, method, connections, kind, at once. */
export const keyOf = (...parts) => parts.join('|');

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
