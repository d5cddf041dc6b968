// Two engines in memory, in one process: requests with 12 headers, replies with 8, headers changing as in life. Beside it, the same
// exchange by http2 over TCP.
import { EnginePair, VERSIONS } from '../support/engines.mjs';
import { headerCorpus } from '../support/header-corpus.mjs';
import { requestList, responseList } from '../support/headers.mjs';
import { interleave, median, microseconds, spread, target } from '../support/measure.mjs';
import { startPair } from '../support/pairs.mjs';
import { load } from '../support/product.mjs';

const { PROTO_SPDY3_1, SYN_STREAM } = await load('index.js');
const HTTP2 = 'http2 over TCP, 100 at once';

export async function run({ size, rounds }) {
  const requests = size === 'quick' ? 3000 : 20_000;
  const cases = {};
  for (const [name, version] of Object.entries(VERSIONS)) {
    for (const atOnce of [1, 100])
      cases[`${name}, ${atOnce} at once`] = () => exchange(version, atOnce, requests);
  }
  const { 'page requests': pages, 'page replies': replies } = headerCorpus();
  const life = {
    requestOf: (index) => pages[index % pages.length],
    replyOf: (index) => replies[index % replies.length],
  };
  const deflate = { options: { headerCompression: 'deflate' } };
  cases['spdy/3.1, 100 at once, headers of pages'] = () =>
    exchange(PROTO_SPDY3_1, 100, requests, life);
  cases['spdy/3.1, 100 at once, deflate'] = () => exchange(PROTO_SPDY3_1, 100, requests, deflate);
  const http2 = await startPair('http2');
  cases[HTTP2] = async () => {
    const ms = size === 'quick' ? 100 : 500;
    const { count, seconds } = await http2.client.call('requests', { atOnce: 100, ms });
    return (1e6 * seconds) / count;
  };
  const results = await interleave(cases, rounds);
  http2.close();
  const rate = (name) => 1e6 / median(results[name]);
  const rows = Object.entries(results).map(([name, values]) => [
    name,
    median(values),
    rate(name),
    rate(name) / rate(HTTP2),
    spread(values),
  ]);
  const columns = ['case', 'us per exchange', 'exchanges/s', 'of http2 over TCP', 'spread %'];
  const targets = [1, 100].map((atOnce) => {
    const name = `spdy/3.1, ${atOnce} at once`;
    const value = rate(name) / rate(HTTP2);
    return target(`engine pair in memory, ${name}`, value, '>=', 5.5, 'x http2 over TCP');
  });
  return { tables: [{ title: 'Engines in memory, both ends', columns, rows }], results, targets };
}

/** Microseconds per exchange. */
function exchange(version, atOnce, requests, how = {}) {
  const {
    options = {},
    requestOf = requestList,
    replyOf = (index) => responseList(index, 0),
  } = how;
  let done = 0;
  const pair = new EnginePair(version, {
    client: options,
    server: options,
    serverHandler: {
      onCtrlRecv: (frame) => {
        if (frame.type === SYN_STREAM)
          pair.server.submitResponse(frame.streamId, replyOf((frame.streamId - 1) / 2));
      },
    },
    clientHandler: { onStreamClose: () => done++ },
  });
  const taken = microseconds(requests, () => {
    for (let sent = 0; sent < requests; ) {
      for (let each = 0; each < atOnce; each++)
        pair.client.submitRequest(sent % 4, requestOf(sent++));
      pair.pump();
    }
  });
  if (done !== requests) throw new Error(`${done} of ${requests} requests came back`);
  return taken;
}
