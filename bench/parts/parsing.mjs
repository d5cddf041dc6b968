// How fast an engine reads, by the size of the pieces in which the bytes come.
import {
  CLIENT,
  CTRL_FLAG_NONE,
  Engine,
  PROTO_SPDY3_1,
  READ_EOF,
  SERVER,
} from '../../build/lib/index.js';
import { requestHeaders } from '../support/headers.mjs';
import { interleave, median, spread } from '../support/measure.mjs';

const CHUNK_SIZES = [1, 61, 1460, 16_384, 65_536];
const MIB = 1 << 20;

export async function run({ quick }) {
  const scale = quick ? 1 : 4;
  const wires = {
    'DATA frames of 16 KiB': dataWire(16 * scale * MIB, 16_384),
    'DATA frames of 100 bytes': dataWire(2 * scale * MIB, 100),
    'requests (SYN_STREAM)': requestWire(2000 * scale),
  };
  const cases = {};
  for (const [kind, { bytes }] of Object.entries(wires)) {
    for (const size of CHUNK_SIZES) cases[`${kind}|${size}`] = () => read(bytes, size);
  }
  const results = await interleave(cases, quick ? 3 : 7);
  const rows = Object.entries(results).map(([key, values]) => {
    const [kind, size] = key.split('|');
    const { frames, bytes } = wires[kind];
    return [
      kind,
      size,
      median(values),
      (median(values) * frames) / (bytes.length / MIB),
      spread(values),
    ];
  });
  const columns = ['what', 'bytes per piece', 'MiB/s', 'frames/s', 'spread %'];
  return {
    tables: [
      {
        title: 'Reading (server engine, spdy/3.1; payload is handed on in place, not copied)',
        columns,
        rows,
      },
    ],
    results,
  };
}

/** MiB per second. Small pieces read only the front of the bytes. */
function read(bytes, size) {
  const engine = new Engine(SERVER, PROTO_SPDY3_1, {
    flowControl: false,
    maxConcurrentStreams: 0xffffffff,
  });
  const end = size === 1 ? Math.min(bytes.length, MIB) : bytes.length;
  const started = performance.now();
  for (let at = 0; at < end; at += size)
    engine.receive(bytes.subarray(at, Math.min(at + size, end)));
  const seconds = (performance.now() - started) / 1000;
  if (engine.failed) throw new Error('the engine failed');
  return end / MIB / seconds;
}

function dataWire(length, frameSize) {
  const engine = new Engine(CLIENT, PROTO_SPDY3_1, { flowControl: false, maxDataSize: frameSize });
  const block = Buffer.alloc(frameSize, 'd');
  let left = length;
  engine.submitRequest(0, requestHeaders(0), {
    readCb: (_streamId, room, control) => {
      const piece = block.subarray(0, Math.min(room, left));
      left -= piece.length;
      if (left === 0) control.flags = READ_EOF;
      return piece;
    },
  });
  return drain(engine);
}

function requestWire(count) {
  const engine = new Engine(CLIENT, PROTO_SPDY3_1, {
    maxConcurrentStreams: 0xffffffff,
    compressionLevel: 9,
  });
  for (let index = 0; index < count; index++)
    engine.submitSynStream(CTRL_FLAG_NONE, 0, 0, requestHeaders(index));
  // More streams than the assumed limit of the peer: let the peer say that it takes them.
  const peer = new Engine(SERVER, PROTO_SPDY3_1);
  peer.submitSettings(0, [{ id: 4, flags: 0, value: 0x7fffffff }]);
  engine.receive(peer.pull());
  return drain(engine);
}

function drain(engine) {
  const pieces = [];
  for (let piece = engine.pull(); piece !== null; piece = engine.pull()) pieces.push(piece);
  return { bytes: Buffer.concat(pieces), frames: engine.statistics.framesSent };
}
