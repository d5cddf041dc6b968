import { expect } from 'chai';
import { CLIENT, PROTO_SPDY3_1, SERVER, type Side } from '../../lib/protocol/constants.ts';
import { PROTOCOL_VERSIONS, type ProtocolVersion, SPDY3_1 } from '../../lib/protocol/version.ts';
import { Session } from '../../lib/session/session.ts';
import { createEnd, EnginePair } from '../support/engine-pair.ts';
import {
  closed,
  memoryConnection,
  RawPeer,
  settle,
  tcpConnection,
} from '../support/session-pair.ts';
import { TestProvider } from '../support/test-provider.ts';

const HEADERS = [['name', 'value']] as const;

/** The frames of a conversation with everything in it, by the side that wrote them. */
function recordFrames(version: ProtocolVersion): { client: Buffer[]; server: Buffer[] } {
  const pair = new EnginePair(version.id);
  const { client, server } = pair;
  client.engine.submitSettings(0, [{ id: 4, flags: 0, value: 100 }]);
  client.engine.submitRequest(0, HEADERS, new TestProvider({ bytes: 20_000, deferAt: [300] }));
  client.engine.submitRequest(1, HEADERS);
  client.engine.submitPing();
  pair.pump();
  server.engine.submitSynReply(0, 1, HEADERS);
  server.engine.submitSynStream(2, 1, 0, HEADERS);
  server.engine.submitResponse(3, HEADERS, new TestProvider({ bytes: 500 }));
  pair.pump();
  server.engine.submitData(2, 1, new TestProvider({ bytes: 100 }));
  client.engine.submitHeaders(0, 1, HEADERS);
  client.engine.resumeData(1);
  pair.pump();
  client.engine.submitSynStream(0, 0, 0, HEADERS);
  server.engine.submitHeaders(0, 1, HEADERS);
  pair.pump();
  client.engine.submitRstStream(5, 5);
  client.engine.submitGoaway();
  pair.pump();
  const bytes = (end: typeof client): Buffer[] => end.written.map((frame) => frame.bytes);
  return { client: bytes(client), server: bytes(server) };
}

/** What arrives when the transport ends: behind each frame, inside and behind the head of the next one, and in its middle. */
function* prefixes(frames: readonly Buffer[]): Generator<Buffer> {
  let before = Buffer.alloc(0);
  for (const frame of frames) {
    for (const length of [0, 7, 8, (frame.length >> 1) + 4]) {
      yield Buffer.concat([before, frame.subarray(0, length)]);
    }
    before = Buffer.concat([before, frame]);
  }
  yield before;
}

/** An engine in the state of one side of that conversation, before anything was received. */
function makeSide(side: Side, version: ProtocolVersion): ReturnType<typeof createEnd> {
  const end = createEnd(side, version.id);
  if (side === CLIENT) {
    end.engine.submitRequest(0, HEADERS, new TestProvider({ bytes: 20_000, deferAt: [300] }));
    end.engine.submitRequest(1, HEADERS);
    end.engine.submitSynStream(0, 0, 7 % (version.lowestPriority + 1), HEADERS);
  }
  end.engine.pull();
  return end;
}

describe('scenarios: abrupt ends', () => {
  for (const version of PROTOCOL_VERSIONS) {
    it(`${version.name}: wherever the transport ends, each open stream ends once, with an error (checklist 20)`, () => {
      const recorded = recordFrames(version);
      for (const side of [CLIENT, SERVER] as const) {
        for (const bytes of prefixes(side === CLIENT ? recorded.server : recorded.client)) {
          for (const halfOpen of bytes.length % 3 === 0 ? [false, true] : [false]) {
            const { engine, handler } = makeSide(side, version);
            engine.receive(bytes);
            expect(handler.sessionErrors).to.deep.equal([]);
            const before = new Set(handler.closed.keys());
            if (halfOpen) {
              engine.inputEnd();
              engine.pull();
            }
            engine.transportEnd();
            const { streamsOpened, streamsAccepted, streamsClosed } = engine.statistics;
            expect(streamsClosed).to.equal(streamsOpened + streamsAccepted);
            const ends = handler.named('on_stream_close').map(({ streamId }) => streamId);
            expect(new Set(ends).size).to.equal(ends.length);
            for (const [id, error] of handler.closed) {
              if (before.has(id)) continue;
              expect(error).to.include({ code: 'ERR_SPDY_TRANSPORT_CLOSED', by: 'peer' });
            }
            expect([engine.wantRead(), engine.wantWrite(), engine.pull()]).to.deep.equal([
              false,
              false,
              null,
            ]);
          }
        }
      }
    });
  }

  for (const kind of ['memory', 'TCP'] as const) {
    it(`a session whose ${kind} transport is reset in any frame closes, and so do its streams (checklist 20)`, async () => {
      const { client: frames } = recordFrames(SPDY3_1);
      const all = [...prefixes(frames)];
      // TCP takes long: some places will do there.
      const places = kind === 'memory' ? all : all.filter((_, index) => index % 16 === 9);
      await Promise.all(
        places.map(async (bytes) => {
          const connection = kind === 'TCP' ? await tcpConnection() : memoryConnection();
          const session = new Session(SERVER, PROTO_SPDY3_1).attach(connection.server);
          const peer = new RawPeer(connection.client, SPDY3_1);
          const open = new Set<number>();
          const errors: unknown[] = [];
          session.on('error', (error) => errors.push(error));
          session.on('synStream', ({ streamId }) => open.add(streamId));
          session.on('streamClose', (streamId) => {
            expect(open.delete(streamId), `stream ${streamId} ends once`).to.equal(true);
          });
          peer.send(bytes);
          await settle(3);
          if ('resetAndDestroy' in connection.client) connection.client.resetAndDestroy();
          else connection.client.destroy();
          await closed(session);
          expect([...open]).to.deep.equal([]);
          expect(errors).to.deep.equal([]);
        }),
      );
    });
  }

  it('credit for what was received is not queued any more when the transport has ended', () => {
    const pair = new EnginePair(PROTO_SPDY3_1, { server: { windowUpdates: 'consume' } });
    const { client, server } = pair;
    for (const deferAt of [[50_000], []]) {
      client.engine.submitRequest(0, HEADERS, new TestProvider({ bytes: 60_000, deferAt }));
    }
    pair.pump();
    server.engine.transportEnd();
    server.engine.consume(3, 60_000);
    expect(server.engine.getOutboundQueueSize()).to.equal(0);
    expect(server.engine.unconsumedBytes).to.equal(0);
  });
});
