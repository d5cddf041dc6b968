import { once } from 'node:events';
import { buffer } from 'node:stream/consumers';
import { expect } from 'chai';
import { SPDY3, SPDY3_1 } from '../../../lib/protocol/version.ts';
import type { SpdyStream } from '../../../lib/session/streams/stream.ts';
import {
  memoryConnection,
  pairOver,
  RESPONSE,
  requestHeaders,
} from '../../support/session-pair.ts';

const STREAMS_AND_BYTES = [
  [40, 300_000],
  [1000, 70_000],
] as const;

describe('session/transport/inlet: one stream never stops another', () => {
  for (const version of [SPDY3, SPDY3_1]) {
    it(`${version.name}: 40 uploads that are read one by one all arrive`, async () => {
      const pair = pairOver(memoryConnection(65_536), version);
      const waiting: SpdyStream[] = [];
      pair.server.on('stream', (stream) => waiting.push(stream));
      const [count, size] = STREAMS_AND_BYTES[0];
      const body = Buffer.alloc(size, 'x');
      const sent = Array.from({ length: count }, () => {
        const stream = pair.client.request(requestHeaders('POST'));
        stream.end(body);
        return once(stream, 'finish');
      });
      for (let turn = 0; turn < count; turn++) {
        while (waiting.length === 0) await once(pair.server, 'stream');
        // The last one first: those before it stay unread.
        const stream = waiting.pop() as SpdyStream;
        const received = await buffer(stream);
        expect(received).to.have.length(size);
      }
      await Promise.all(sent);
      await pair.end();
    });

    it(`${version.name}: 90 answers that are read in turn all arrive`, async () => {
      const pair = pairOver(memoryConnection(65_536), version);
      const body = Buffer.alloc(200_000, 'y');
      pair.server.on('stream', (stream) => {
        stream.respond(RESPONSE);
        stream.end(body);
      });
      const streams = Array.from({ length: 90 }, () =>
        pair.client.request(requestHeaders(), { endStream: true }),
      );
      for (const stream of streams.reverse()) expect(await buffer(stream)).to.have.length(200_000);
      await pair.end();
    });

    it(`${version.name}: of 1,000 uploads 999 are never read, and the last one moves; what is held is bounded`, async () => {
      const [count, size] = STREAMS_AND_BYTES[1];
      const pair = pairOver(memoryConnection(65_536), version, {
        server: { maxConcurrentStreams: count },
      });
      const body = Buffer.alloc(size, 'z');
      let last: SpdyStream | null = null;
      let streams = 0;
      pair.server.on('stream', (stream) => {
        stream.on('error', () => {});
        streams++;
        last = stream;
      });
      for (let i = 0; i < count; i++) {
        const stream = pair.client.request(requestHeaders('POST'));
        stream.on('error', () => {});
        stream.write(body);
      }
      while (streams < count) await once(pair.server, 'stream');
      const lively = last as unknown as SpdyStream;
      let read = 0;
      for await (const chunk of lively) {
        read += (chunk as Buffer).length;
        if (read === size) break;
      }
      expect(read).to.equal(size);
      expect(pair.server.state.unconsumedBytes).to.be.at.most(count * 65_536);
      expect(pair.server.state.inputHeld).to.equal(false);
      await pair.end();
    });
  }
});
