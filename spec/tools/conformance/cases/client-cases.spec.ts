import { once } from 'node:events';
import net from 'node:net';
import { expect } from 'chai';
import { FrameDecoder } from '../../../../lib/engine/receive/frame-decoder.ts';
import { FrameEncoder } from '../../../../lib/engine/send/frame-encoder.ts';
import type { Header } from '../../../../lib/protocol/frames.ts';
import { type RunClient, testClient } from '../../../../lib/tools/conformance/test-client.ts';
import { CLIENT_TESTS } from '../../../../lib/tools/conformance/tests.ts';
import { CollectingSink } from '../../../support/collecting-sink.ts';

describe('each test of a client', () => {
  const headers: Header[] = [
    ['connection', 'keep-alive'],
    [':method', 'GET'],
  ];

  /** A client that sends this, and answers everything that comes so. */
  function client(
    first: (make: FrameEncoder) => Buffer,
    then: (make: FrameEncoder) => Buffer = () => Buffer.alloc(0),
  ): RunClient {
    return async (url) => {
      const socket = net.connect(Number(new URL(url).port), '127.0.0.1');
      const make = new FrameEncoder('spdy/3.1');
      const decoder = new FrameDecoder('spdy/3.1', new CollectingSink());
      socket.on('error', () => {});
      socket.write(first(make));
      socket.on('data', (chunk) => {
        if (!decoder.stopped) decoder.read(chunk);
        socket.write(then(make));
      });
      await once(socket, 'close');
    };
  }

  const FAULTY: readonly RunClient[] = [
    async () => {},
    client((make) => make.synStream({ streamId: 2 }, headers)),
    client((make) => make.synStream({ streamId: 1, flags: 1 }, headers)),
    client(
      (make) => make.synStream({ streamId: 1, flags: 1 }, headers),
      (make) => make.rstStream(1, 6),
    ),
    client(
      (make) => make.synStream({ streamId: 1, flags: 1 }, headers),
      (make) => Buffer.concat([3, 5, 7].map((streamId) => make.synStream({ streamId }, headers))),
    ),
  ];
  const failed = new Set<string>();

  before(async () => {
    for (const run of FAULTY) {
      const only = CLIENT_TESTS.map(({ id }) => id).filter((id) => !failed.has(id));
      if (only.length === 0) continue;
      const where = { port: 0, timeoutMs: 100, only, versions: ['spdy/3.1' as const] };
      for await (const { id, outcome } of testClient(where, run))
        if (outcome === 'failed' && run !== FAULTY[0]) failed.add(id);
    }
  });

  for (const { id, title } of CLIENT_TESTS) {
    it(`can fail: ${id} ${title}`, () => {
      expect(failed.has(id)).to.equal(true);
    });
  }
});
