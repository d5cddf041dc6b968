// What idle streams and idle sessions keep in memory, after a forced garbage collection.
import {
  CLIENT,
  ERR_DEFERRED,
  PROTO_SPDY3_1,
  SERVER,
  Session,
  SYN_STREAM,
} from '../../build/lib/index.js';
import { EnginePair } from '../support/engines.mjs';
import { requestHeaders, responseHeaders } from '../support/headers.mjs';
import { median } from '../support/measure.mjs';

export async function run({ quick }) {
  const rows = [];
  const rounds = quick ? 1 : 3;
  for (const [what, count, make] of [
    ['stream, per engine', quick ? 10_000 : 50_000, streams],
    ['engine without any traffic', quick ? 500 : 2000, () => fresh()],
    ['engine after some exchanges', quick ? 300 : 1000, () => used()],
    ['session after some exchanges', quick ? 300 : 1000, () => sessions()],
  ]) {
    const samples = [];
    for (let round = 0; round < rounds; round++) samples.push(await measure(count, make));
    rows.push([
      what,
      median(samples.map(({ heap }) => heap)),
      median(samples.map(({ buffers }) => buffers)),
    ]);
  }
  const columns = ['idle', 'heap KiB', 'array buffers KiB'];
  return { tables: [{ title: 'Memory of what is idle (spdy/3.1)', columns, rows }] };
}

/** KiB per end of what `make` makes; it comes in pairs, so a pair counts as two. */
async function measure(count, make) {
  const before = await settled();
  const kept = [];
  if (make === streams) kept.push(streams(count));
  else for (let pair = 0; pair < count / 2; pair++) kept.push(await make());
  const after = await settled();
  const ends = make === streams ? 2 * count : count;
  const result = {
    heap: (after.heapUsed - before.heapUsed) / ends / 1024,
    buffers: (after.arrayBuffers - before.arrayBuffers) / ends / 1024,
  };
  for (const thing of kept) thing.close?.();
  return result;
}

async function settled() {
  for (let times = 0; times < 3; times++) {
    globalThis.gc();
    await new Promise((resolve) => setImmediate(resolve));
  }
  return process.memoryUsage();
}

/** One pair of engines with idle streams; each stream exists at both ends. */
function streams(count) {
  const pair = new EnginePair(PROTO_SPDY3_1, { server: { maxConcurrentStreams: 1_000_000 } });
  pair.server.submitSettings(0, [{ id: 4, flags: 0, value: 1_000_000 }]);
  pair.pump();
  const waiting = { readCb: () => ERR_DEFERRED };
  for (let stream = 0; stream < count; stream++) {
    pair.client.submitRequest(0, requestHeaders(stream), waiting);
    if (stream % 100 === 0) pair.pump();
  }
  pair.pump();
  return pair;
}

function fresh() {
  return new EnginePair(PROTO_SPDY3_1);
}

function used() {
  const pair = new EnginePair(PROTO_SPDY3_1, {
    serverHandler: {
      onCtrlRecv: (frame) => {
        if (frame.type === SYN_STREAM)
          pair.server.submitResponse(frame.streamId, responseHeaders(frame.streamId));
      },
    },
  });
  for (let index = 0; index < 10; index++) {
    pair.client.submitRequest(0, requestHeaders(index));
    pair.pump();
  }
  return pair;
}

async function sessions() {
  const client = new Session(CLIENT, PROTO_SPDY3_1);
  const server = new Session(SERVER, PROTO_SPDY3_1);
  server.on('synStream', ({ streamId }) =>
    server.submitResponse(streamId, responseHeaders(streamId)),
  );
  client.pipe(server).pipe(client);
  for (let index = 0; index < 10; index++) {
    client.submitRequest(0, requestHeaders(index));
    await new Promise((resolve) => client.once('streamClose', resolve));
  }
  return {
    client,
    server,
    close: () => {
      client.destroy();
      server.destroy();
    },
  };
}
