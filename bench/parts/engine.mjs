// Two engines in memory: requests with 12 headers, replies with 8 and a body, headers changing as in life.
import { READ_EOF, SYN_STREAM } from '../../build/lib/index.js';
import { EnginePair, VERSIONS } from '../support/engines.mjs';
import { requestHeaders, responseHeaders } from '../support/headers.mjs';
import { interleave, median, microseconds, spread } from '../support/measure.mjs';

const BODY = Buffer.alloc(1000, 'x');

export async function run({ quick }) {
  const requests = quick ? 4000 : 20_000;
  const cases = {};
  for (const [name, version] of Object.entries(VERSIONS)) {
    for (const atOnce of [1, 100])
      cases[`${name}, ${atOnce} at once`] = () => exchange(version, atOnce, requests);
  }
  const results = await interleave(cases, quick ? 3 : 7);
  const rows = Object.entries(results).map(([name, values]) => [
    name,
    median(values),
    1e6 / median(values),
    spread(values),
  ]);
  const columns = ['case', 'us per exchange', 'exchanges/s', 'spread %'];
  return {
    tables: [
      { title: `Engines in memory, both sides, body of ${BODY.length} bytes`, columns, rows },
    ],
    results,
  };
}

/** Microseconds per exchange. */
function exchange(version, atOnce, requests) {
  let done = 0;
  const pair = new EnginePair(version, {
    serverHandler: {
      onCtrlRecv: (frame) => {
        if (frame.type === SYN_STREAM) {
          pair.server.submitResponse(
            frame.streamId,
            responseHeaders(frame.streamId, BODY.length),
            body(),
          );
        }
      },
    },
    clientHandler: { onStreamClose: () => done++ },
  });
  const taken = microseconds(requests, () => {
    for (let sent = 0; sent < requests; ) {
      for (let each = 0; each < atOnce; each++)
        pair.client.submitRequest(sent % 4, requestHeaders(sent++));
      pair.pump();
    }
  });
  if (done !== requests) throw new Error(`${done} of ${requests} requests came back`);
  return taken;
}

function body() {
  let at = 0;
  return {
    readCb: (_streamId, length, control) => {
      const piece = BODY.subarray(at, at + length);
      at += piece.length;
      if (at === BODY.length) control.flags = READ_EOF;
      return piece;
    },
  };
}
