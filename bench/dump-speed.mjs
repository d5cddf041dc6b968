// node bench/dump-speed.mjs [MEGABYTES]: how fast spdydump reads a capture, and in how much memory. Default 1000 MB: 1 GB in the folder for temporary files.
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { CLIENT, Engine, READ_EOF, SERVER } from '../build/lib/index.js';
import { DumpStatistics, DumpText, readDump } from '../build/lib/tools/index.js';
import { connectionOf, pcap } from '../build/spec/tools/dump/capture-writer.js';

const megabytes = Number(process.argv[2] ?? 1000);
const BODY = 200_000;
const REQUESTS = 20;
const HEAD = [
  [':method', 'GET'],
  [':scheme', 'https'],
  [':host', 'example.org'],
  [':version', 'HTTP/1.1'],
  ['user-agent', 'dump-speed'],
];

/** What a client and a server say to each other, in pieces of a packet. */
function conversation() {
  const body = Buffer.alloc(BODY, 'a body that is not compressed ');
  const server = new Engine(
    SERVER,
    'spdy/3.1',
    {},
    {
      onRequestRecv(id) {
        let at = 0;
        server.submitResponse(
          id,
          [
            [':status', '200'],
            [':version', 'HTTP/1.1'],
            ['content-type', 'text/plain'],
          ],
          {
            readCb(_id, length, control) {
              const piece = body.subarray(at, at + length);
              at += piece.length;
              if (at === BODY) control.flags = READ_EOF;
              return piece;
            },
          },
        );
      },
    },
  );
  const client = new Engine(CLIENT, 'spdy/3.1');
  for (let i = 0; i < REQUESTS; i++) client.submitRequest(0, [...HEAD, [':path', `/page/${i}`]]);
  const pieces = [];
  for (let moved = true; moved; ) {
    moved = false;
    for (const [from, engine, other] of [
      ['client', client, server],
      ['server', server, client],
    ]) {
      const bytes = engine.pull();
      if (bytes === null) continue;
      moved = true;
      other.receive(bytes);
      for (let at = 0; at < bytes.length; at += 1448) {
        pieces.push({
          from,
          bytes: Buffer.from(bytes.subarray(at, at + 1448)),
          time: pieces.length / 100,
        });
      }
    }
  }
  return pieces;
}

const packets = connectionOf(conversation());
const folder = mkdtempSync(path.join(tmpdir(), 'spdylay-dump-'));
const file = path.join(folder, 'large.pcap');
let size = 0;
try {
  const out = openSync(file, 'w');
  for (let port = 1024; size < megabytes * 1e6; port++) {
    const capture = pcap(packets.map((packet) => ({ ...packet, port })));
    size += writeSync(out, size === 0 ? capture : capture.subarray(24));
  }
  closeSync(out);
  for (const [name, makeSink] of [
    ['figures', () => new DumpStatistics()],
    ['figures and text', () => Object.assign(new DumpStatistics(), { text: new DumpText() })],
  ]) {
    const statistics = makeSink();
    let most = 0;
    let frames = 0;
    const begun = performance.now();
    const sink = {
      event(event) {
        if (event.event === 'frame') frames++;
        statistics.add(event);
        statistics.text?.of(event);
      },
    };
    const progress = () => {
      most = Math.max(most, process.memoryUsage.rss());
    };
    await readDump(file, sink, { progress });
    const seconds = (performance.now() - begun) / 1000;
    const { connections, warnings } = statistics.toJSON();
    console.log(
      `${name}: ${(size / 1e6).toFixed(0)} MB, ${connections} connections, ${frames} frames, ${warnings} warnings in ${seconds.toFixed(1)} s: ` +
        `${(size / 1e6 / seconds).toFixed(0)} MB/s, at most ${(most / 1e6).toFixed(0)} MB of memory`,
    );
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
