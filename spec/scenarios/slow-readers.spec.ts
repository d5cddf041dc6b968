import { once } from 'node:events';
import { expect } from 'chai';
import { PROTO_SPDY2, PROTO_SPDY3, PROTO_SPDY3_1 } from '../../lib/protocol/constants.ts';
import { SPDY3, SPDY3_1 } from '../../lib/protocol/version.ts';
import type { SessionOptions } from '../../lib/session/session-options.ts';
import type { SpdyStream } from '../../lib/session/streams/stream.ts';
import { EnginePair } from '../support/engine-pair.ts';
import { memoryConnection, pairOver, settle } from '../support/session-pair.ts';
import { patternBytes, TestProvider } from '../support/test-provider.ts';
import { digestOf, HEADERS } from './attack-support.ts';

/** Reads a stream to its end. */
async function digestOfStream(stream: SpdyStream): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return digestOf(Buffer.concat(chunks));
}

describe('scenarios: slow readers', () => {
  for (const [version, options] of [
    [SPDY3, {}],
    [SPDY3_1, { sessionWindowSize: 1 << 20 }],
    [SPDY3_1, {}],
  ] as const satisfies readonly (readonly [unknown, SessionOptions])[]) {
    const window = 'sessionWindowSize' in options ? ', large session window' : '';
    it(`${version.name}${window}: a stream that is not read holds up no other stream (checklist 190, 195)`, async () => {
      const pair = pairOver(memoryConnection(), version, { server: options, client: options });
      const body = patternBytes(300_000);
      pair.server.on('stream', (stream) => {
        stream.respond(HEADERS);
        stream.end(body);
      });
      const slow = pair.client.request(HEADERS, { endStream: true });
      await once(slow, 'response');
      await settle(50);
      const quick = pair.client.request(HEADERS, { endStream: true });
      expect(await digestOfStream(quick)).to.equal(digestOf(body));
      expect(pair.client.state.unconsumedBytes).to.be.at.most(65_536);
      expect(await digestOfStream(slow)).to.equal(digestOf(body));
      await pair.end();
    });
  }

  it('without flow control megabytes go each way, whatever the windows say (checklist 172, 203)', () => {
    for (const [version, flowControl, length] of [
      [PROTO_SPDY2, true, 1 << 20],
      [PROTO_SPDY3, false, 1 << 20],
      [PROTO_SPDY3_1, false, 10 << 20],
    ] as const) {
      const pair = new EnginePair(version, { client: { flowControl }, server: { flowControl } });
      const { client, server } = pair;
      // A peer like spdystream says nothing of the kind; if one did, it would not count.
      for (const { engine } of [client, server]) {
        engine.submitSettings(0, [{ id: 7, flags: 0, value: 10 }]);
      }
      pair.pump();
      const [up, down] = [new TestProvider({ bytes: length }), new TestProvider({ bytes: length })];
      let received = 0;
      for (const { handler } of [client, server]) {
        handler.onDataChunkRecv = (_flags, _id, chunk) => {
          received += chunk.length;
        };
      }
      client.engine.submitRequest(0, HEADERS, up);
      pair.deliver(client);
      server.engine.submitResponse(1, HEADERS, down);
      pair.pump();
      expect(received).to.equal(2 * length);
      for (const { handler, written } of [client, server]) {
        expect(handler.closed.get(1)).to.equal(null);
        expect(written.some(({ frame }) => frame.type === 'WINDOW_UPDATE')).to.equal(false);
      }
    }
  });

  it('without flow control a session pair passes 10 MiB each way unchanged (checklist 203)', async () => {
    const options = { flowControl: false };
    const body = patternBytes(10 << 20);
    const pair = pairOver(memoryConnection(65_536), SPDY3_1, {
      client: options,
      server: options,
    });
    const digests: string[] = [];
    pair.server.on('stream', async (stream) => {
      stream.respond(HEADERS);
      stream.end(body);
      digests.push(await digestOfStream(stream));
    });
    const stream = pair.client.request(HEADERS);
    stream.end(body);
    digests.push(await digestOfStream(stream));
    await settle();
    expect(digests).to.deep.equal([digestOf(body), digestOf(body)]);
    await pair.end();
  });
});
