// Small GETs over loopback TCP, server and client in processes of their own: 12 request headers, 8 reply headers, 100 bytes.
import { start } from '../support/clients.mjs';
import { interleave, median, spread } from '../support/measure.mjs';

const KINDS = ['http2', 'spdy-transport', 'spdylay'];

export async function run({ quick }) {
  const cases = {};
  const open = [];
  for (const kind of KINDS) {
    const peer = await start(kind);
    open.push(peer);
    for (const atOnce of [1, 100]) {
      cases[`${kind}|${atOnce}`] = () =>
        perSecond(peer, atOnce, (quick ? 1000 : 5000) * (atOnce > 1 ? 2 : 1));
    }
  }
  const results = await interleave(cases, quick ? 5 : 9);
  for (const peer of open) peer.close();
  const rows = Object.entries(results).map(([key, values]) => {
    const [kind, atOnce] = key.split('|');
    return [
      kind,
      atOnce,
      median(values),
      median(values) / median(results[`http2|${atOnce}`]),
      spread(values),
    ];
  });
  const columns = ['through', 'at once', 'requests/s', 'of http2', 'spread %'];
  return { tables: [{ title: 'Small GETs over TCP', columns, rows }], results };
}

/** Requests per second with always `atOnce` of them under way. */
async function perSecond(peer, atOnce, count) {
  let next = 0;
  const one = async () => {
    while (next < count) await peer.small(next++);
  };
  const started = performance.now();
  await Promise.all(Array.from({ length: atOnce }, one));
  return (count / (performance.now() - started)) * 1000;
}
