// What a request costs while many other streams are open and idle. It must not depend on their number.
import { CTRL_FLAG_FIN, ERR_DEFERRED, PROTO_SPDY3_1, SYN_STREAM } from '../../build/lib/index.js';
import { EnginePair } from '../support/engines.mjs';
import { requestHeaders, responseHeaders } from '../support/headers.mjs';
import { cpuMicroseconds, interleave, median, spread } from '../support/measure.mjs';

const IDLE_STREAMS = [10, 1000, 10_000];
const MOST_RATIO = 1.5;

export async function run({ quick }) {
  const requests = quick ? 3000 : 10_000;
  const cases = {};
  for (const idle of IDLE_STREAMS) {
    const exchange = openIdle(idle);
    cases[idle] = () => cpuMicroseconds(requests, () => exchange(requests));
  }
  const results = await interleave(cases, quick ? 5 : 11);
  const base = median(results[IDLE_STREAMS[0]]);
  const ratio = (idle) => median(results[idle]) / base;
  return {
    tables: [
      {
        title: 'Cost of a request beside open, idle streams (engine pair, spdy/3.1)',
        columns: ['idle streams', 'CPU us per exchange', 'ratio', 'spread %'],
        rows: IDLE_STREAMS.map((idle) => [
          String(idle),
          median(results[idle]),
          ratio(idle),
          spread(results[idle]),
        ]),
      },
    ],
    results,
    checks: IDLE_STREAMS.slice(1).map((idle) => ({
      ok: ratio(idle) <= MOST_RATIO,
      text: `beside ${idle} idle streams a request costs ${ratio(idle).toFixed(2)} times as much as beside ${IDLE_STREAMS[0]} (at most ${MOST_RATIO})`,
    })),
  };
}

/** A pair with idle streams: half of them wait for the client's data, half for the server's. */
function openIdle(idle) {
  let done = 0;
  let opening = true;
  const waiting = { readCb: () => ERR_DEFERRED };
  const pair = new EnginePair(PROTO_SPDY3_1, {
    server: { maxConcurrentStreams: 1_000_000 },
    client: { maxConcurrentStreams: 1_000_000 },
    serverHandler: {
      onCtrlRecv: (frame) => {
        if (frame.type !== SYN_STREAM) return;
        const complete = (frame.flags & CTRL_FLAG_FIN) !== 0;
        pair.server.submitResponse(
          frame.streamId,
          responseHeaders(frame.streamId),
          opening && complete ? waiting : null,
        );
      },
    },
    clientHandler: { onStreamClose: () => done++ },
  });
  pair.server.submitSettings(0, [{ id: 4, flags: 0, value: 1_000_000 }]);
  pair.pump();
  for (let stream = 0; stream < idle; stream++) {
    pair.client.submitRequest(stream % 8, requestHeaders(stream), stream % 2 ? waiting : null);
  }
  pair.pump();
  opening = false;
  if (done !== 0) throw new Error(`${done} streams are not idle`);
  return (requests) => {
    done = 0;
    for (let sent = 0; sent < requests; sent++) {
      pair.client.submitRequest(sent % 8, requestHeaders(sent));
      pair.pump();
    }
    if (done !== requests) throw new Error(`${done} of ${requests} requests came back`);
  };
}
