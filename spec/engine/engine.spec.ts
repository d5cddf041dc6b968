import { expect } from 'chai';
import { shown } from '../../lib/common/check.ts';
import type { DataSource } from '../../lib/engine/data-provider.ts';
import { Engine } from '../../lib/engine/engine.ts';
import type { EngineHandler } from '../../lib/engine/engine-handler.ts';
import { SpdyError } from '../../lib/errors.ts';
import {
  CANCEL,
  CLIENT,
  CTRL_FLAG_FIN,
  CTRL_FLAG_UNIDIRECTIONAL,
  DATA_FLAG_FIN,
  GOAWAY_INTERNAL_ERROR,
  PING,
  PROTO_SPDY3_1,
  READ_EOF,
  SERVER,
  type Side,
  type SpdyVersion,
} from '../../lib/protocol/constants.ts';
import { PROTOCOL_VERSIONS, type ProtocolVersion, SPDY3_1 } from '../../lib/protocol/version.ts';
import { EnginePair } from '../support/engine-pair.ts';
import { FrameFactory, rawControlFrame } from '../support/frame-factory.ts';
import { patternBytes, TestProvider } from '../support/test-provider.ts';
import { failureOf, invalidArgument } from './support/facts.ts';
import { HEADERS, Lab } from './support/lab.ts';
import { serving } from './support/serving.ts';

describe('engine/engine', () => {
  it('takes a version by number or by name', () => {
    for (const version of PROTOCOL_VERSIONS) {
      expect(new Engine(CLIENT, version.name).version).to.equal(version);
      expect(new Engine(CLIENT, version.id).version).to.equal(version);
    }
  });

  it('needs a side and a version that exist', () => {
    for (const side of [0, 3, '1', undefined]) {
      expect(failureOf(() => new Engine(side as Side, PROTO_SPDY3_1))).to.deep.equal(
        invalidArgument(`side must be CLIENT (1) or SERVER (2), got ${shown(side)}`),
      );
    }
    for (const version of [0, 1, 5, 3.1, '3', undefined]) {
      expect(failureOf(() => new Engine(CLIENT, version as SpdyVersion))).to.deep.equal({
        name: 'UnsupportedVersionError',
        code: 'ERR_SPDY_UNSUPPORTED_VERSION',
        errno: -503,
        by: 'local',
        message: `version must be PROTO_SPDY2, PROTO_SPDY3, PROTO_SPDY3_1 or the name of one, got ${shown(version)}`,
      });
    }
    expect(failureOf(() => new Engine(CLIENT, PROTO_SPDY3_1, { maxDataSize: 0 }))?.errno).to.equal(
      -501,
    );
  });

  it('needs neither options nor a handler', () => {
    for (const version of PROTOCOL_VERSIONS) {
      const client = new Engine(CLIENT, version.id);
      const server = new Engine(SERVER, version.id);
      expect([client.side, client.version, client.userData]).to.deep.equal([CLIENT, version, null]);
      client.submitRequest(0, HEADERS, new TestProvider({ bytes: 10 }));
      server.receive(client.pull() as Buffer);
      server.submitResponse(1, HEADERS);
      client.receive(server.pull() as Buffer);
      expect([client.statistics.streamsClosed, server.statistics.streamsClosed]).to.deep.equal([
        1, 1,
      ]);
    }
  });

  it('speaks spdy/2, spdy/3 and spdy/3.1 (checklist 286)', () => {
    const names = ([2, 3, 4] as const).map((id) => new Engine(SERVER, id).version.name);
    expect(names).to.deep.equal(['spdy/2', 'spdy/3', 'spdy/3.1']);
  });

  it('passes what is in its options on: compression, limits, encoding', () => {
    const lab = new Lab(CLIENT, SPDY3_1, {
      compressionLevel: 0,
      compressionWindowBits: 10,
      headerEncoding: 'utf8',
    });
    lab.engine.submitRequest(0, [['name', '\u20ac']]);
    const [written] = lab.frames();
    expect(written?.bytes[18]).to.equal(0x28);
    expect(written?.headers).to.deep.equal([['name', Buffer.from('\u20ac').toString('latin1')]]);
  });

  for (const version of PROTOCOL_VERSIONS) {
    describe(version.name, () => {
      describe('receive()', () => {
        it('takes any Uint8Array, cut anywhere', () => {
          const lab = new Lab(SERVER, version);
          const bytes = Buffer.concat([lab.peer.synStream(1, HEADERS), lab.peer.data(1, 'data')]);
          const larger = new Uint8Array([1, 2, 3, ...bytes, 4]);
          for (let at = 3; at < larger.length - 1; at++) {
            lab.engine.receive(larger.subarray(at, at + 1));
          }
          lab.engine.receive(new Uint8Array(0));
          expect(lab.handler.body(1).toString()).to.equal('data');
          expect(lab.engine.statistics.bytesReceived).to.equal(bytes.length);
          for (const wrong of ['bytes', null, [1, 2]]) {
            const chunk = wrong as unknown as Uint8Array;
            const failure = failureOf(() => lab.engine.receive(chunk));
            expect(failure).to.include({ name: 'InvalidArgumentError', errno: -501 });
          }
          expect(lab.engine.statistics.bytesReceived).to.equal(bytes.length);
        });
      });

      describe('pullPieces()', () => {
        /** All of one body, in pieces of at most `perRead` bytes. */
        function answer(length: number, stable: boolean, perRead = 16_384): [Lab, Buffer] {
          const lab = serving(version, { flowControl: false });
          const body = patternBytes(length);
          let at = 0;
          lab.engine.submitResponse(1, HEADERS, {
            stable,
            readCb: (_streamId, room, control) => {
              const piece = body.subarray(at, at + Math.min(room, perRead));
              at += piece.length;
              if (at === length) control.flags = READ_EOF;
              return piece;
            },
          });
          return [lab, body];
        }

        const isOf = (body: Buffer): ((piece: Buffer) => boolean) => {
          return (piece) => piece.buffer === body.buffer;
        };

        it('hands large payload of stable providers on as it is', () => {
          const [lab, body] = answer(40_000, true);
          const pieces = lab.engine.pullPieces() as Buffer[];
          const own = pieces.filter(isOf(body));
          expect(own.map(({ length }) => length)).to.deep.equal([16_384, 16_384, 7232]);
          const [same] = answer(40_000, true);
          expect(Buffer.concat(pieces)).to.deep.equal(same.engine.pull());
          expect(lab.engine.statistics.bytesSent).to.equal(same.engine.statistics.bytesSent);
          expect(lab.engine.pullPieces()).to.equal(null);
        });

        it('copies what is small, and what its provider may change', () => {
          for (const [stable, perRead] of [
            [true, 4095],
            [false, 16_384],
          ] as const) {
            const [lab, body] = answer(40_000, stable, perRead);
            const pieces = lab.engine.pullPieces() as Buffer[];
            expect(pieces.some(isOf(body))).to.equal(false);
            const [same] = answer(40_000, stable, perRead);
            expect(Buffer.concat(pieces)).to.deep.equal(same.engine.pull());
          }
        });

        it('takes any Uint8Array', () => {
          const lab = serving(version, { flowControl: false });
          const body = new Uint8Array(5000).fill(7);
          const readCb: DataSource['readCb'] = (_streamId, _length, control) => {
            control.flags = READ_EOF;
            return body;
          };
          lab.engine.submitResponse(1, HEADERS, { stable: true, readCb });
          const pieces = lab.engine.pullPieces() as Buffer[];
          expect(pieces.at(-1)?.buffer).to.equal(body.buffer);
          expect(pieces.every(Buffer.isBuffer)).to.equal(true);
        });

        it('stops at its limit, and copies again for pull()', () => {
          const [lab, body] = answer(100_000, true);
          const count = (lab.engine.pullPieces(20_000) as Buffer[]).filter(isOf(body)).length;
          expect(count).to.equal(2);
          expect(lab.engine.pull()?.buffer).to.not.equal(body.buffer);
        });

        it('keeps what was encoded when a provider fails', () => {
          const lab = serving(version, { flowControl: false });
          lab.engine.submitResponse(1, HEADERS, new TestProvider({ failAt: 0, fail: 'session' }));
          expect(failureOf(() => lab.engine.pullPieces())?.code).to.equal(
            'ERR_SPDY_CALLBACK_FAILURE',
          );
          expect(lab.wrote()).to.deep.equal(['SYN_REPLY 1']);
        });

        it('is refused inside a callback', () => {
          let failure: unknown;
          const engine: Engine = new Engine(CLIENT, version.id, undefined, {
            onCtrlSend: () => {
              failure = failureOf(() => engine.pullPieces())?.message;
            },
          });
          engine.submitPing();
          engine.pull();
          expect(failure).to.equal(
            'pullPieces() cannot be called from inside a callback of the engine',
          );
        });
      });

      describe('pull()', () => {
        it('stops at the first frame border behind its limit', () => {
          const lab = new Lab(CLIENT, version);
          for (let count = 0; count < 5; count++) lab.engine.submitPing();
          expect(lab.engine.pull(0)).to.equal(null);
          expect(lab.engine.pull(1)?.length).to.equal(12);
          expect(lab.engine.pull(13)?.length).to.equal(24);
          expect(lab.engine.pull(24)?.length).to.equal(24);
          expect(lab.engine.pull(24)).to.equal(null);
          expect(lab.engine.statistics.bytesSent).to.equal(60);
        });

        it('stops at 64 KiB unless told otherwise, and reserves no more than it may need', () => {
          const lab = serving(version, { flowControl: false });
          lab.engine.submitResponse(1, HEADERS, new TestProvider({ bytes: 1_000_000 }));
          lab.engine.pull(1);
          const lengths = [undefined, 65_536, 100_000, 500_000, 1_000_000].map(
            (limit) => lab.engine.pull(limit)?.length,
          );
          const frame = 8 + 32_768;
          expect(lengths).to.deep.equal([
            2 * frame,
            2 * frame,
            4 * frame,
            16 * frame,
            1_000_000 + 31 * 8 - 24 * frame,
          ]);
        });

        it('gives bytes that stay as they are', () => {
          const lab = serving(version, { flowControl: false });
          lab.engine.submitResponse(1, HEADERS, new TestProvider({ bytes: 300_000 }));
          const chunks: Buffer[] = [];
          const copies: Buffer[] = [];
          for (let chunk = lab.engine.pull(); chunk !== null; chunk = lab.engine.pull()) {
            chunks.push(chunk);
            copies.push(Buffer.from(chunk));
            lab.engine.submitPing();
            if (chunks.length > 8) break;
          }
          expect(Buffer.concat(chunks).equals(Buffer.concat(copies))).to.equal(true);
          expect(chunks.length).to.equal(9);
        });
      });

      describe('wantRead() and wantWrite()', () => {
        const wants = ({ engine }: Lab): string =>
          `${engine.wantRead() ? 'R' : '-'}${engine.wantWrite() ? 'W' : '-'}`;

        it('say at first that there is something to read and nothing to write', () => {
          expect(wants(new Lab(CLIENT, version))).to.equal('R-');
        });

        it('say no more when GOAWAY was sent or received and no stream is left (checklist 170)', () => {
          for (const side of ['sent', 'received'] as const) {
            const lab = serving(version);
            if (side === 'sent') lab.engine.submitGoaway();
            else lab.receive(lab.peer.goaway(0));
            expect(wants(lab)).to.equal(side === 'sent' ? 'RW' : 'R-');
            lab.frames();
            expect(wants(lab)).to.equal('R-');
            lab.engine.submitResponse(1, HEADERS);
            expect(wants(lab)).to.equal('RW');
            lab.frames();
            lab.receive(lab.peer.data(1, '', DATA_FLAG_FIN));
            expect(wants(lab)).to.equal('--');
            lab.engine.submitPing();
            expect(wants(lab)).to.equal('-W');
            lab.frames();
            expect(wants(lab)).to.equal('--');
          }
        });

        it('say that a failing session has GOAWAY to write, and then nothing', () => {
          const lab = new Lab(CLIENT, version);
          lab.engine.failSession(GOAWAY_INTERNAL_ERROR);
          expect([wants(lab), lab.wrote().length, wants(lab)]).to.deep.equal(['-W', 1, '--']);
        });

        it('count requests that are held back as to be read, not as to be written', () => {
          const lab = new Lab(CLIENT, version);
          lab.receive(lab.peer.settings([{ id: 4, flags: 0, value: 0 }]));
          lab.engine.submitRequest(0, HEADERS);
          expect(wants(lab)).to.equal('R-');
          lab.engine.submitGoaway();
          expect(wants(lab)).to.equal('RW');
          expect(lab.wrote()).to.deep.equal(['GOAWAY 0']);
          expect(wants(lab)).to.equal('--');
          lab.engine.submitRequest(0, HEADERS);
          expect(wants(lab)).to.equal('RW');
          lab.frames();
          expect(wants(lab)).to.equal('--');
        });

        it('know of a frame that is half written, and not of data that is deferred', () => {
          const lab = serving(version);
          lab.engine.submitResponse(1, HEADERS, new TestProvider({ bytes: 4, deferAt: [0] }));
          const gate = lab.useGate();
          gate.pass(3);
          expect([wants(lab), gate.pass().length, wants(lab)]).to.deep.equal(['RW', 1, 'R-']);
          lab.engine.resumeData(1);
          expect(wants(lab)).to.equal('RW');
        });
      });

      describe('user data', () => {
        it('is kept with streams of both sides while they are open, and in the report of their end', () => {
          const lab = serving(version);
          expect(lab.engine.getStreamUserData(1)).to.equal(null);
          lab.engine.setStreamUserData(1, 'of the peer');
          lab.engine.submitSynStream(CTRL_FLAG_UNIDIRECTIONAL, 1, 0, HEADERS, 'ours');
          expect(lab.engine.getStreamUserData(2)).to.equal(null);
          lab.settle();
          expect([1, 2].map((id) => lab.engine.getStreamUserData(id))).to.deep.equal([
            'of the peer',
            'ours',
          ]);
          lab.engine.setStreamUserData(2, undefined);
          expect(lab.engine.getStreamUserData(2)).to.equal(null);
          const seen: unknown[] = [];
          lab.handler.afterEach = ({ cb, streamId }) => {
            if (cb === 'on_stream_close') seen.push(streamId, lab.engine.getStreamUserData(1));
          };
          lab.receive(lab.peer.rstStream(1, 5));
          lab.receive(lab.peer.rstStream(2, 5));
          expect(seen).to.deep.equal([1, 'of the peer', 2, null]);
          expect([0, 1, 2].map((id) => lab.engine.getStreamUserData(id))).to.deep.equal([
            null,
            null,
            null,
          ]);
        });

        it('cannot be kept with a stream that is not open', () => {
          const lab = serving(version);
          expect(failureOf(() => lab.engine.setStreamUserData(3, 'x'))).to.deep.equal(
            invalidArgument('stream 3 is not open'),
          );
        });

        it('belongs to the end that is reported, also when one report causes another', () => {
          const lab = serving(version);
          lab.engine.setStreamUserData(1, 'open');
          const first = lab.engine.submitRequest(0, HEADERS, null, 'first');
          const second = lab.engine.submitRequest(0, HEADERS, null, 'second');
          const seen: unknown[] = [];
          lab.handler.afterEach = ({ cb, userData }) => {
            if (cb !== 'on_stream_close') return;
            if (userData === 'first') lab.engine.cancel(second, CANCEL);
            seen.push(userData, lab.engine.getStreamUserData(0), lab.engine.getStreamUserData(1));
          };
          lab.engine.cancel(first, CANCEL);
          expect(seen).to.deep.equal(['second', 'second', 'open', 'first', 'first', 'open']);
        });
      });

      it('tells what it has counted of a stream', () => {
        const lab = serving(version);
        lab.receive(lab.peer.data(1, 'data'));
        const counted = version.streamWindows ? 4 : 0;
        expect(lab.engine.getStreamRecvDataLength(1)).to.equal(counted);
        expect(lab.engine.getStreamRecvDataLength(3)).to.equal(-1);
        expect(lab.engine.getRecvDataLength()).to.equal(version.sessionWindow ? 4 : 0);
        expect(lab.engine.unconsumedBytes).to.equal(0);
      });

      it('counts what both ends of a conversation did, and both come to the same', () => {
        const pair = new EnginePair(version.id, { pullLimit: 1 });
        pair.client.engine.submitRequest(0, HEADERS, new TestProvider({ bytes: 50_000 }));
        pair.client.engine.submitPing();
        pair.pump();
        pair.server.engine.submitResponse(1, HEADERS, new TestProvider({ bytes: 10_000 }));
        pair.pump();
        const [client, server] = [pair.client, pair.server].map(({ engine }) => engine.statistics);
        expect(client).to.deep.include({
          dataSent: 50_000,
          dataReceived: 10_000,
          streamsOpened: 1,
        });
        expect(server).to.deep.include({
          dataSent: 10_000,
          dataReceived: 50_000,
          streamsAccepted: 1,
        });
        expect(client?.bytesSent).to.equal(server?.bytesReceived);
        expect(server?.bytesSent).to.equal(client?.bytesReceived);
        expect(client?.framesSent).to.equal(server?.framesReceived);
        expect(server?.framesSent).to.equal(client?.framesReceived);
        expect([client?.streamsClosed, server?.streamsClosed]).to.deep.equal([1, 1]);
        expect(pair.server.handler.body(1).equals(patternBytes(50_000))).to.equal(true);
      });
    });
  }
});

const OF_APPLICATION = 'of the application';

/** Everything that an application may call from inside of a callback. */
const CALLS: Record<string, (lab: Lab) => void> = {
  submitRequest: ({ engine }) => engine.submitRequest(0, HEADERS, new TestProvider({ bytes: 3 })),
  submitResponse: ({ engine }) => engine.submitResponse(1, HEADERS, new TestProvider({ bytes: 3 })),
  submitSynStream: ({ engine }) => engine.submitSynStream(CTRL_FLAG_UNIDIRECTIONAL, 1, 0, HEADERS),
  submitHeaders: ({ engine }) => engine.submitHeaders(CTRL_FLAG_FIN, 1, HEADERS),
  submitData: ({ engine }) => engine.submitData(1, DATA_FLAG_FIN, new TestProvider({ bytes: 3 })),
  submitRstStream: ({ engine }) => engine.submitRstStream(1, CANCEL),
  submitPing: ({ engine }) => engine.submitPing(),
  submitSettings: ({ engine }) => engine.submitSettings(0, [{ id: 7, flags: 0, value: 100 }]),
  submitWindowUpdate: ({ engine }) => engine.submitWindowUpdate(1, 1),
  submitGoaway: ({ engine }) => engine.submitGoaway(),
  failSession: ({ engine }) => engine.failSession(GOAWAY_INTERNAL_ERROR),
  transportEnd: ({ engine }) => engine.transportEnd(),
  inputEnd: ({ engine }) => engine.inputEnd(),
  resumeData: ({ engine }) => engine.resumeData(1),
  consume: ({ engine }) => engine.consume(1, 2),
  'throw something': () => {
    throw new Error(OF_APPLICATION);
  },
};

/** What a peer says in the course of `live()`. */
function peerFrames(version: ProtocolVersion): Buffer[] {
  const peer = new FrameFactory(version);
  return [
    peer.synStream(1, HEADERS),
    peer.data(1, 'abcd'),
    peer.ping(1),
    peer.synReply(1, HEADERS),
    peer.synStream(3, HEADERS, { flags: CTRL_FLAG_FIN }),
    rawControlFrame({ version: version.wire, type: 99 }),
    peer.synStream(5, HEADERS),
    peer.rstStream(5, CANCEL),
    rawControlFrame({ version: version.wire, type: PING, length: 9 }),
  ];
}

/** A busy life of a server, in which every callback happens. */
function live({ engine }: Lab, frames: readonly Buffer[]): void {
  const left = [...frames];
  const receive = (): void => engine.receive(left.shift() as Buffer);
  const steps: (() => void)[] = [
    receive,
    receive,
    () => engine.submitSynReply(0, 1, HEADERS),
    () => engine.submitData(1, 0, new TestProvider({ bytes: 4, deferAt: [2] })),
    () => engine.pull(),
    () => engine.submitSynStream(CTRL_FLAG_UNIDIRECTIONAL, 1, 0, HEADERS),
    receive,
    receive,
    receive,
    receive,
    () => engine.submitResponse(3, HEADERS),
    () => engine.submitHeaders(0, 3, HEADERS),
    () => engine.pull(),
    receive,
    receive,
    receive,
    () => engine.pull(),
    () => engine.transportEnd(),
  ];
  for (const step of steps) {
    try {
      step();
    } catch (error) {
      // Misuse is answered, and what the application throws comes back to it.
      if (error instanceof SpdyError || (error as Error).message === OF_APPLICATION) continue;
      throw error;
    }
  }
}

describe('engine/engine: calls from inside of callbacks', () => {
  const OPTIONS = { windowUpdates: 'consume', compressionLevel: 0 } as const;
  const CALLBACKS: readonly (keyof EngineHandler)[] = [
    'onCtrlRecv',
    'onInvalidCtrlRecv',
    'onDataChunkRecv',
    'onDataRecv',
    'beforeCtrlSend',
    'onCtrlSend',
    'onCtrlNotSend',
    'onDataSend',
    'onStreamClose',
    'onRequestRecv',
    'onCtrlRecvParseError',
    'onUnknownCtrlRecv',
    'onStreamError',
    'onSessionError',
  ];

  // What may be called does not depend on the version, and SPDY/3.1 has everything.
  const frames = peerFrames(SPDY3_1);

  it('every callback happens in the life that is led here', () => {
    const seen = new Set<string>();
    const lab = new Lab(SERVER, SPDY3_1, OPTIONS);
    for (const name of CALLBACKS) lab.handler[name as 'onCtrlRecv'] = () => void seen.add(name);
    live(lab, frames);
    expect([...seen].sort()).to.deep.equal([...CALLBACKS].sort());
  });

  for (const callback of CALLBACKS) {
    it(`${callback} may call anything`, () => {
      for (const [name, call] of Object.entries(CALLS)) {
        const lab = new Lab(SERVER, SPDY3_1, OPTIONS);
        const { handler } = lab;
        const original = (handler[callback as 'onCtrlRecv'] as () => void).bind(handler);
        let calls = 0;
        handler[callback as 'onCtrlRecv'] = (...args: unknown[]) => {
          (original as (...told: unknown[]) => void)(...args);
          // Not for ever: what is called may call back.
          if (calls++ < 3) call(lab);
        };
        live(lab, frames);
        const { statistics } = lab.engine;
        const open =
          statistics.streamsOpened + statistics.streamsAccepted - statistics.streamsClosed;
        expect([calls > 0, open], name).to.deep.equal([true, 0]);
        expect([lab.engine.wantRead(), lab.engine.wantWrite()], name).to.deep.equal([false, false]);
        const ends = handler.named('on_stream_close').filter(({ streamId }) => streamId !== 0);
        const ids = ends.map(({ streamId }) => streamId);
        expect(new Set(ids).size, name).to.equal(ids.length);
        expect(ids.length, name).to.equal(statistics.streamsClosed);
      }
    });
  }
});
