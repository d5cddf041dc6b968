import { expect } from 'chai';
import type { EngineHandler } from '../../lib/engine/engine-handler.ts';
import {
  CANCEL,
  CLIENT,
  GOAWAY_INTERNAL_ERROR,
  GOAWAY_OK,
  PROTO_SPDY2,
  SERVER,
  SETTINGS_MAX_CONCURRENT_STREAMS,
} from '../../lib/protocol/constants.ts';
import { PROTOCOL_VERSIONS } from '../../lib/protocol/version.ts';
import { createEnd, type EngineEnd, EnginePair } from '../support/engine-pair.ts';
import { decodeFrames } from '../support/frame-decoder.ts';
import { FrameFactory } from '../support/frame-factory.ts';
import { TestProvider } from '../support/test-provider.ts';

const HEADERS = [['name', 'value']] as const;

/** Lets an engine `send()`, a given number of bytes at a time. */
function sendInParts(end: EngineEnd): { allow(bytes: number): void; bytes(): Buffer } {
  const pieces: Buffer[] = [];
  let allowed = 0;
  (end.handler as EngineHandler).sendCb = (data) => {
    const taken = data.subarray(0, allowed);
    allowed -= taken.length;
    pieces.push(Buffer.from(taken));
    return taken.length;
  };
  return {
    allow(bytes) {
      allowed += bytes;
      end.engine.send();
    },
    bytes: () => Buffer.concat(pieces),
  };
}

describe('scenarios: GOAWAY races', () => {
  for (const { id, name } of PROTOCOL_VERSIONS) {
    describe(name, () => {
      it('whatever follows a SYN_STREAM that crossed our GOAWAY is ignored with it (checklist 27, 162)', () => {
        const pair = new EnginePair(id);
        const { client, server } = pair;
        client.engine.submitRequest(0, HEADERS, new TestProvider({ bytes: 10, deferAt: [5] }));
        pair.deliver(client);
        server.engine.submitGoaway(GOAWAY_OK);
        const goaway = server.engine.pull() as Buffer;
        client.engine.submitRequest(0, HEADERS, new TestProvider({ bytes: 10, deferAt: [5] }));
        pair.deliver(client);
        client.engine.submitHeaders(0, 3, HEADERS);
        client.engine.resumeData(3);
        pair.deliver(client);
        expect(server.engine.wantWrite()).to.equal(false);
        expect(server.handler.streamErrors).to.deep.equal([]);

        client.engine.receive(goaway);
        expect(client.handler.closed.get(3)).to.include({ retryable: true });
        expect(client.handler.closed.has(1)).to.equal(false);
        server.engine.submitResponse(1, HEADERS);
        client.engine.resumeData(1);
        pair.pump();
        for (const { handler } of [client, server]) expect(handler.closed.get(1)).to.equal(null);
      });

      it('a SYN_STREAM that arrives while send() has written a part of GOAWAY is ignored (checklist 161, 162)', () => {
        const client = createEnd(CLIENT, id);
        const server = createEnd(SERVER, id);
        const sent = sendInParts(server);
        server.engine.submitGoaway(GOAWAY_OK);
        sent.allow(3);
        client.engine.submitRequest(0, HEADERS);
        server.engine.receive(client.engine.pull() as Buffer);
        sent.allow(1000);
        expect(server.handler.named('on_ctrl_recv')).to.deep.equal([]);
        client.engine.receive(sent.bytes());
        expect(client.handler.closed.get(1)).to.include({ retryable: true });
        expect([client.engine.wantRead(), server.engine.wantRead()]).to.deep.equal([false, false]);
      });

      it('a session that fails while send() has written a part of GOAWAY still says why (checklist 111)', () => {
        const server = createEnd(SERVER, id);
        const sent = sendInParts(server);
        server.engine.submitGoaway(GOAWAY_OK);
        sent.allow(3);
        server.engine.failSession(GOAWAY_INTERNAL_ERROR);
        sent.allow(1000);
        const written = decodeFrames(server.engine.version, sent.bytes());
        const statuses = id === PROTO_SPDY2 ? [undefined, undefined] : [0, GOAWAY_INTERNAL_ERROR];
        expect(written.map(({ frame }) => frame.type)).to.deep.equal(['GOAWAY', 'GOAWAY']);
        expect(written.map(({ frame }) => frame.status)).to.deep.equal(statuses);
        expect(server.engine.wantWrite()).to.equal(false);
      });

      it('a request made after GOAWAY ends although the peer allows no streams (checklist 163, 164)', () => {
        const pair = new EnginePair(id);
        const { client, server } = pair;
        server.engine.submitSettings(0, [
          { id: SETTINGS_MAX_CONCURRENT_STREAMS, flags: 0, value: 0 },
        ]);
        server.engine.submitGoaway(GOAWAY_OK);
        pair.pump();
        client.engine.submitRequest(0, HEADERS);
        pair.pump();
        expect(client.handler.closed.get(0)).to.include({
          code: 'ERR_SPDY_SYN_STREAM_NOT_ALLOWED',
        });
        expect(client.engine.wantRead()).to.equal(false);
      });

      it('a request that is made again when the session fails ends, too (checklist 115)', () => {
        const { engine, handler } = createEnd(CLIENT, id);
        engine.submitRequest(0, HEADERS, null, 'first');
        engine.pull();
        let retries = 1;
        handler.afterEach = ({ cb }) => {
          if (cb === 'on_stream_close' && retries-- > 0) engine.submitRequest(0, HEADERS);
        };
        engine.failSession(GOAWAY_INTERNAL_ERROR);
        expect([...handler.closed.keys()]).to.deep.equal([1, 0]);
        engine.submitRequest(0, HEADERS);
        expect(handler.named('on_stream_close')).to.have.lengthOf(3);
        expect(engine.getOutboundQueueSize()).to.equal(1);
      });

      it('both sides say GOAWAY at once: what each had accepted finishes, the rest may be tried again (checklist 165-167, 171)', () => {
        const pair = new EnginePair(id);
        const { client, server } = pair;
        for (const { engine } of [client, server]) engine.submitRequest(0, HEADERS);
        pair.pump();
        // These cross with the GOAWAY of the other side.
        for (const { engine } of [client, server]) {
          engine.submitRequest(0, HEADERS);
          engine.submitGoaway(GOAWAY_OK);
        }
        const crossing = [client, server].map(({ engine }) => engine.pull() as Buffer);
        server.engine.receive(crossing[0] as Buffer);
        client.engine.receive(crossing[1] as Buffer);
        for (const [{ engine, handler }, own, peers] of [
          [client, 3, 2],
          [server, 4, 1],
        ] as const) {
          expect(handler.closed.get(own)).to.include({
            code: 'ERR_SPDY_STREAM_REFUSED',
            retryable: true,
          });
          expect([engine.wantRead(), engine.wantWrite()]).to.deep.equal([true, false]);
          engine.submitGoaway(GOAWAY_OK);
          engine.submitResponse(peers, HEADERS);
        }
        const answers = [client, server].map(({ engine }) => engine.pull() as Buffer);
        server.engine.receive(answers[0] as Buffer);
        client.engine.receive(answers[1] as Buffer);
        for (const { engine, handler } of [client, server]) {
          for (const streamId of [1, 2]) expect(handler.closed.get(streamId)).to.equal(null);
          expect([engine.wantRead(), engine.wantWrite()]).to.deep.equal([false, false]);
          const unsent = handler.named('on_ctrl_not_send').map(({ frame }) => frame?.type);
          expect(unsent).to.deep.equal(['GOAWAY']);
        }
      });

      it('requests under way end by last-good-stream-id, and a later GOAWAY only lowers it (checklist 161, 165, 166, 168)', () => {
        const { engine, handler } = createEnd(CLIENT, id);
        const peer = new FrameFactory(engine.version);
        for (let i = 0; i < 4; i++) engine.submitRequest(0, HEADERS);
        engine.pull();
        const refused = (): number[] => [...handler.closed.keys()];
        engine.receive(peer.goaway(5));
        expect(refused()).to.deep.equal([7]);
        engine.receive(peer.goaway(7));
        expect(refused()).to.deep.equal([7]);
        engine.receive(peer.goaway(1));
        expect(refused()).to.deep.equal([7, 3, 5]);
        expect([engine.wantRead(), engine.wantWrite()]).to.deep.equal([true, false]);
        engine.receive(peer.synReply(1, HEADERS, { flags: 1 }));
        expect(handler.closed.get(1)).to.equal(null);
        expect(engine.wantRead()).to.equal(false);
      });

      it('a stream that was refused is not counted as good, one behind it is (checklist 160, 161)', () => {
        const { engine, handler } = createEnd(SERVER, id, { maxConcurrentStreams: 1 });
        const peer = new FrameFactory(engine.version);
        const lastGood = (): number | undefined => {
          engine.submitGoaway(GOAWAY_OK);
          const frames = decodeFrames(engine.version, engine.pull() ?? Buffer.alloc(0));
          return frames.find(({ frame }) => frame.type === 'GOAWAY')?.frame.lastGoodStreamId;
        };
        engine.receive(peer.synStream(1, HEADERS));
        engine.receive(peer.synStream(3, HEADERS));
        engine.receive(peer.rstStream(1, CANCEL));
        engine.receive(peer.synStream(5, HEADERS));
        engine.receive(peer.synStream(7, HEADERS));
        expect(handler.streamErrors.map(({ streamId }) => streamId)).to.deep.equal([3, 7]);
        expect(lastGood()).to.equal(5);
        expect(lastGood(), 'a second one').to.equal(undefined);
        const idle = createEnd(SERVER, id);
        idle.engine.submitGoaway(GOAWAY_OK);
        const [goaway] = decodeFrames(idle.engine.version, idle.engine.pull() as Buffer);
        expect(goaway?.frame.lastGoodStreamId).to.equal(0);
      });
    });
  }
});
