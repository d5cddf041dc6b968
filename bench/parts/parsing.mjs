// How fast an engine reads, by the size of the pieces in which the bytes come.
import { requestHeaders } from '../support/headers.mjs';
import { interleave, median, spread, target } from '../support/measure.mjs';
import { load } from '../support/product.mjs';

const { CLIENT, CTRL_FLAG_NONE, Engine, PROTO_SPDY3_1, READ_EOF, SERVER } = await load('index.js');

const CHUNK_SIZES = [1, 61, 1460, 16_384, 65_536];
const MIB = 1 << 20;
const DATA = 'DATA frames of 16 KiB';
const SMALLER = 'requests with 8 KiB of headers';
const LARGER = 'requests with 32 KiB of headers';
/** A piece of one byte for every value, so that cutting is not what is measured. */
const BYTES = Array.from({ length: 256 }, (_, value) => Buffer.of(value));

export async function run({ quick, rounds }) {
  const scale = quick ? 1 : 4;
  const filled = (length) => {
    const filler = ['x-filler', 'f'.repeat(length)];
    return requestWire((scale * MIB) / 2 / length, (at) => [...requestHeaders(at), filler], 0);
  };
  const wires = {
    [DATA]: dataWire(16 * scale * MIB, 16_384),
    'DATA frames of 100 bytes': dataWire(2 * scale * MIB, 100),
    'requests (SYN_STREAM)': requestWire(2000 * scale, requestHeaders, 9),
    [SMALLER]: filled(8192),
    [LARGER]: filled(32_768),
  };
  const cases = {};
  for (const [kind, { bytes }] of Object.entries(wires)) {
    for (const size of CHUNK_SIZES)
      cases[`${kind}|${size}`] = size === 1 ? () => readBytes(bytes) : () => read(bytes, size);
  }
  const results = await interleave(cases, rounds);
  const rows = Object.entries(results).map(([key, values]) => {
    const [kind, size] = key.split('|');
    const { frames, bytes } = wires[kind];
    const perMib = frames / (bytes.length / MIB);
    return [kind, size, median(values), median(values) * perMib, spread(values)];
  });
  const rate = (kind) => (median(results[`${kind}|1`]) * MIB) / 1e6;
  const large = median(results[`${LARGER}|65536`]);
  return {
    tables: [
      {
        title: 'Reading (server engine, spdy/3.1; payload is handed on in place, not copied)',
        columns: ['what', 'bytes per piece', 'MiB/s', 'frames/s', 'spread %'],
        rows,
      },
    ],
    results,
    targets: [
      target(`1-byte pieces, ${DATA}`, rate(DATA), '>=', 20, 'MB/s'),
      target(`1-byte pieces, ${LARGER}`, rate(LARGER), '>=', 20, 'MB/s'),
      target(`64 KiB pieces, ${LARGER}`, large, '>=', 300, 'MiB/s'),
      target(
        '1-byte pieces, frames of 32 KiB (linear)',
        rate(LARGER) / rate(SMALLER),
        '>=',
        0.8,
        'x frames of 8 KiB',
      ),
    ],
  };
}

/** MiB per second. */
function read(bytes, size) {
  return timed(bytes.length, (engine) => {
    for (let at = 0; at < bytes.length; at += size)
      engine.receive(bytes.subarray(at, Math.min(at + size, bytes.length)));
  });
}

/** The same byte by byte, as far as the first MiB. */
function readBytes(bytes) {
  const end = Math.min(bytes.length, MIB);
  return timed(end, (engine) => {
    for (let at = 0; at < end; at++) engine.receive(BYTES[bytes[at]]);
  });
}

function timed(length, feed) {
  const engine = new Engine(SERVER, PROTO_SPDY3_1, {
    flowControl: false,
    maxConcurrentStreams: 0xffffffff,
  });
  const started = performance.now();
  feed(engine);
  const seconds = (performance.now() - started) / 1000;
  if (engine.failed) throw new Error('the engine failed');
  return length / MIB / seconds;
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

function requestWire(count, headersOf, compressionLevel) {
  const engine = new Engine(CLIENT, PROTO_SPDY3_1, {
    maxConcurrentStreams: 0xffffffff,
    compressionLevel,
  });
  for (let index = 0; index < count; index++)
    engine.submitSynStream(CTRL_FLAG_NONE, 0, 0, headersOf(index));
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
