// Small GETs over loopback TCP, server and client in processes of their own: 12 request headers, 8 reply headers, 100 bytes.
import { start, timed } from '../support/clients.mjs';
import { interleave, median, spread } from '../support/measure.mjs';

const KINDS = ['http2', 'spdy-transport', 'spdylay', 'SpdyStream'];

export async function run({ quick }) {
  const cases = {};
  const open = [];
  for (const kind of KINDS) {
    const peer = await start(kind);
    open.push(peer);
    for (const atOnce of [1, 100]) {
      const count = (quick ? 500 : 5000) * (atOnce > 1 ? 2 : 1);
      cases[`${kind}|${atOnce}`] = async () => {
        const { seconds, cpu } = await timed(peer, () => requests(peer, atOnce, count));
        return { rate: count / seconds, cpu: cpu / count };
      };
    }
  }
  const results = await interleave(cases, quick ? 7 : 9, quick ? 3 : 1);
  for (const peer of open) peer.close();
  const rates = (key) => results[key].map(({ rate }) => rate);
  const cpu = (key) => median(results[key].map((result) => result.cpu));
  const rows = Object.keys(results).map((key) => {
    const [kind, atOnce] = key.split('|');
    const http2 = `http2|${atOnce}`;
    const rate = median(rates(key));
    return [
      kind,
      atOnce,
      rate,
      rate / median(rates(http2)),
      spread(rates(key)),
      cpu(key),
      cpu(key) / cpu(http2),
    ];
  });
  const columns = [
    'through',
    'at once',
    'requests/s',
    'of http2',
    'spread %',
    'CPU us each',
    'of http2',
  ];
  return { tables: [{ title: 'Small GETs over TCP', columns, rows }], results };
}

/** `count` requests with always `atOnce` of them under way. */
async function requests(peer, atOnce, count) {
  let next = 0;
  const one = async () => {
    while (next < count) await peer.small(next++);
  };
  await Promise.all(Array.from({ length: atOnce }, one));
}
