// A pair of engines with many idle streams, in a host process.
import { EnginePair } from './engines.mjs';
import { requestHeaders, responseHeaders } from './headers.mjs';
import { cpuMicroseconds } from './measure.mjs';
import { load } from './product.mjs';
import { MAX_STREAMS } from './work.mjs';

const { CTRL_FLAG_FIN, ERR_DEFERRED, PROTO_SPDY3_1, SYN_STREAM } = await load('index.js');

let pair;
let done = 0;
let opening = true;
const waiting = { readCb: () => ERR_DEFERRED };

/** Opens idle streams: half of them wait for the client's data, half for the server's. */
export function open(idle) {
  pair = new EnginePair(PROTO_SPDY3_1, {
    server: { maxConcurrentStreams: MAX_STREAMS },
    client: { maxConcurrentStreams: MAX_STREAMS },
    serverHandler: { onCtrlRecv },
    clientHandler: { onStreamClose: () => done++ },
  });
  pair.server.submitSettings(0, [{ id: 4, flags: 0, value: MAX_STREAMS }]);
  pair.pump();
  for (let stream = 0; stream < idle; stream++) {
    pair.client.submitRequest(stream % 8, requestHeaders(stream), stream % 2 ? waiting : null);
    if (stream % 100 === 0) pair.pump();
  }
  pair.pump();
  opening = false;
  if (done !== 0) throw new Error(`${done} streams are not idle`);
}

function onCtrlRecv(frame) {
  if (frame.type !== SYN_STREAM) return;
  const body = opening && (frame.flags & CTRL_FLAG_FIN) !== 0 ? waiting : null;
  pair.server.submitResponse(frame.streamId, responseHeaders(frame.streamId), body);
}

/** Microseconds of CPU time of a request beside them. */
export function exchange(requests) {
  done = 0;
  const cost = cpuMicroseconds(requests, () => {
    for (let sent = 0; sent < requests; sent++) {
      pair.client.submitRequest(sent % 8, requestHeaders(sent));
      pair.pump();
    }
  });
  if (done !== requests) throw new Error(`${done} of ${requests} requests came back`);
  return cost;
}
