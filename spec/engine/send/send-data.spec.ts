import { expect } from 'chai';
import { DataProvider, type DataSource } from '../../../lib/engine/data-provider.ts';
import { CallbackFailureError } from '../../../lib/errors.ts';
import {
  CLIENT,
  CTRL_FLAG_FIN,
  CTRL_FLAG_UNIDIRECTIONAL,
  DATA_FLAG_FIN,
  ERR_DEFERRED,
  READ_EOF,
  SERVER,
} from '../../../lib/protocol/constants.ts';
import {
  PROTOCOL_VERSIONS,
  type ProtocolVersion,
  SPDY3,
  SPDY3_1,
} from '../../../lib/protocol/version.ts';
import { bytesProvider, patternBytes, TestProvider } from '../../support/test-provider.ts';
import { failureOf, invalidArgument, thrownBy } from '../support/facts.ts';
import { HEADERS, Lab } from '../support/lab.ts';
import { initialWindow, serving } from '../support/serving.ts';

/** A source that notes for how many bytes it was asked, and whether it was closed. */
class NotingSource implements DataSource {
  readonly asked: number[] = [];
  closed = 0;
  ended = false;
  readonly #answer: (length: number, reads: number) => Uint8Array | typeof ERR_DEFERRED | null;

  constructor(answer: (length: number, reads: number) => Uint8Array | typeof ERR_DEFERRED | null) {
    this.#answer = answer;
  }

  readCb(_id: number, length: number): Uint8Array | typeof ERR_DEFERRED | null {
    this.asked.push(length);
    return this.#answer(length, this.asked.length);
  }

  close(): void {
    this.closed++;
  }
}

/** A server that has replied to requests 1, 3, ... and has still to send. */
function replied(version: ProtocolVersion, options = {}, requests = 1): Lab {
  const lab = serving(version, options, requests);
  for (let id = 1; id < 2 * requests; id += 2) lab.engine.submitSynReply(0, id, HEADERS);
  return lab.settle();
}

for (const version of PROTOCOL_VERSIONS) {
  describe(`engine/send/send-data: ${version.name}`, () => {
    it('asks for as much as a frame may hold, and sends a copy of it with the right flags', () => {
      const lab = replied(version, { maxDataSize: 4 });
      const bytes = Buffer.from('0123456789');
      const asked: unknown[] = [];
      let at = 0;
      const provider = new DataProvider('the source', (streamId, length, control, source) => {
        asked.push([streamId, length, control.flags, source]);
        const piece = bytes.subarray(at, at + length);
        at += length;
        if (at >= bytes.length) control.flags = READ_EOF;
        return piece;
      });
      lab.engine.submitData(1, DATA_FLAG_FIN, provider);
      const frames = lab.frames();
      bytes.fill(0);
      const texts = frames.map(({ frame, data }) => [frame.flags, data.toString()]);
      expect(texts).to.deep.equal([
        [0, '0123'],
        [0, '4567'],
        [1, '89'],
      ]);
      expect(asked).to.deep.equal([4, 4, 4].map((length) => [1, length, 0, 'the source']));
      expect(lab.calls()).to.deep.equal([
        'on_data_send 1 4',
        'on_data_send 1 4',
        'on_data_send 1 2 FIN',
      ]);
      expect(lab.engine.statistics.dataSent).to.equal(10);
    });

    it('ends with an empty frame when the provider learns too late that it was the end (checklist 23)', () => {
      const lab = replied(version);
      lab.engine.submitData(1, DATA_FLAG_FIN, new TestProvider({ bytes: 5, eofWithLast: false }));
      expect(lab.wrote()).to.deep.equal(['DATA 1 5', 'DATA 1 0 FIN']);
      expect(lab.engine.wantWrite()).to.equal(false);
    });

    it('sends no FIN without being asked for, and no empty frame then; the stream goes on', () => {
      const lab = replied(version);
      lab.engine.submitData(1, 0, new TestProvider({ bytes: 5, eofWithLast: false }));
      lab.engine.submitData(1, 0, new TestProvider({}));
      lab.engine.submitHeaders(0, 1, HEADERS);
      expect(lab.wrote()).to.deep.equal(['DATA 1 5', 'HEADERS 1']);
      lab.engine.submitData(1, DATA_FLAG_FIN, new TestProvider({}));
      expect(lab.wrote()).to.deep.equal(['DATA 1 0 FIN']);
    });

    it('sends no flag but FIN (checklist 12, 36)', () => {
      const lab = replied(version);
      lab.engine.submitData(1, 0xfe, new TestProvider({ bytes: 1 }));
      lab.engine.submitData(1, 0xff, new TestProvider({ bytes: 1 }));
      const flags = lab.frames().map(({ frame }) => frame.flags);
      expect(flags).to.deep.equal([0, 1]);
    });

    it('sends the data of one stream item by item', () => {
      const lab = replied(version, { maxDataSize: 4 });
      lab.engine.submitData(1, 0, bytesProvider(Buffer.from('012345')));
      lab.engine.submitData(1, DATA_FLAG_FIN, bytesProvider(Buffer.from('abcdef')));
      const texts = lab.frames().map(({ data }) => data.toString());
      expect(texts).to.deep.equal(['0123', '45', 'abcd', 'ef']);
    });

    it('lets streams of one priority take turns, a more urgent one all of them (checklist 40, 279)', () => {
      const lab = new Lab(SERVER, version, { maxDataSize: 4 });
      for (const [id, priority] of [
        [1, 1],
        [3, 1],
        [5, 0],
      ] as const) {
        lab.receive(lab.peer.synStream(id, HEADERS, { priority }));
        lab.engine.submitResponse(id, HEADERS, new TestProvider({ bytes: 8 }));
      }
      expect(lab.wrote()).to.deep.equal([
        'SYN_REPLY 5',
        'DATA 5 4',
        'DATA 5 4 FIN',
        'SYN_REPLY 1',
        'SYN_REPLY 3',
        'DATA 1 4',
        'DATA 3 4',
        'DATA 1 4 FIN',
        'DATA 3 4 FIN',
      ]);
    });

    describe('deferring', () => {
      it('is to answer ERR_DEFERRED or nothing; resumeData() asks again, once', () => {
        for (const nothing of [ERR_DEFERRED, null, undefined, Buffer.alloc(0)]) {
          const lab = replied(version);
          const source = new NotingSource((_length, reads) =>
            reads === 1 ? (nothing as null) : Buffer.from('data'),
          );
          lab.engine.submitData(1, 0, source);
          expect(lab.engine.wantWrite()).to.equal(true);
          expect(lab.wrote()).to.deep.equal([]);
          expect([lab.engine.wantWrite(), lab.engine.getOutboundQueueSize()]).to.deep.equal([
            false,
            0,
          ]);
          expect([lab.engine.resumeData(1), lab.engine.resumeData(1)]).to.deep.equal([true, false]);
          expect(lab.engine.pull(1)?.length).to.equal(12);
          expect(source.asked).to.have.lengthOf(2);
        }
      });

      it('does not end the data, whatever the control says', () => {
        const lab = replied(version);
        let reads = 0;
        const provider: DataSource = {
          readCb(_id, _length, control) {
            control.flags = READ_EOF;
            return reads++ === 0 ? ERR_DEFERRED : Buffer.from('data');
          },
        };
        lab.engine.submitData(1, DATA_FLAG_FIN, provider);
        expect(lab.wrote()).to.deep.equal([]);
        lab.engine.resumeData(1);
        expect(lab.wrote()).to.deep.equal(['DATA 1 4 FIN']);
      });

      it('holds the data behind it, but not frames, nor other streams (checklist 84, 195)', () => {
        const lab = replied(version, {}, 2);
        lab.engine.submitData(1, 0, new TestProvider({ bytes: 4, deferAt: [0] }));
        lab.engine.submitData(1, 0, new TestProvider({ bytes: 5 }));
        lab.engine.submitHeaders(0, 1, HEADERS);
        lab.engine.submitData(3, DATA_FLAG_FIN, new TestProvider({ bytes: 6 }));
        expect(lab.wrote()).to.deep.equal(['HEADERS 1', 'DATA 3 6 FIN']);
        expect(lab.engine.resumeData(1)).to.equal(true);
        expect(lab.wrote()).to.deep.equal(['DATA 1 4', 'DATA 1 5']);
      });

      it('is not ended by anything but resumeData(), and there is nothing to resume elsewhere', () => {
        const lab = replied(version, {}, 2);
        lab.engine.submitData(1, 0, new TestProvider({ bytes: 4, deferAt: [0] }));
        lab.settle().receive(lab.peer.settings(initialWindow(100_000)));
        if (version.streamWindows) lab.receive(lab.peer.windowUpdate(1, 5));
        expect([lab.wrote(), lab.engine.wantWrite()]).to.deep.equal([[], false]);
        expect([3, 5, 2].map((id) => lab.engine.resumeData(id))).to.deep.equal([
          false,
          false,
          false,
        ]);
        lab.engine.submitHeaders(CTRL_FLAG_FIN, 1, HEADERS);
        lab.settle();
        expect(lab.engine.resumeData(1)).to.equal(false);
      });
    });

    describe('HEADERS while a provider runs', () => {
      it('stand between two DATA frames when the last of those ends the stream (checklist 84)', () => {
        const lab = replied(version, { maxDataSize: 4 });
        const gate = lab.useGate();
        lab.engine.submitData(1, DATA_FLAG_FIN, new TestProvider({ bytes: 12 }));
        const frames = gate.pass(12);
        // The second frame was asked for while the first one left.
        lab.engine.submitHeaders(0, 1, HEADERS);
        frames.push(...gate.pass());
        const types = ['DATA', 'DATA', 'HEADERS', 'DATA'];
        expect(frames.map(({ frame }) => frame.type)).to.deep.equal(types);
        expect(frames.at(-1)?.frame.flags).to.equal(DATA_FLAG_FIN);
      });

      it('reach the peer in the order in which they left, none of them too late', () => {
        const lab = replied(version, { maxDataSize: 4 }, 1);
        lab.engine.submitData(1, DATA_FLAG_FIN, new TestProvider({ bytes: 8 }));
        lab.engine.submitHeaders(0, 1, HEADERS);
        expect(lab.engine.getOutboundQueueSize()).to.equal(2);
        expect(lab.wrote()).to.deep.equal(['HEADERS 1', 'DATA 1 4', 'DATA 1 4 FIN']);
        expect(lab.engine.getOutboundQueueSize()).to.equal(0);
      });

      it('that end the stream themselves stay behind it: no data is lost for them', () => {
        const lab = replied(version, { maxDataSize: 4 });
        lab.engine.submitData(1, DATA_FLAG_FIN, new TestProvider({ bytes: 8 }));
        lab.engine.submitHeaders(CTRL_FLAG_FIN, 1, HEADERS);
        expect(lab.wrote()).to.deep.equal(['DATA 1 4', 'DATA 1 4 FIN']);
        expect(lab.callsOf('on_ctrl_not_send')).to.deep.equal([
          'on_ctrl_not_send HEADERS 1 FIN -512',
        ]);
      });

      it('stay behind data that does not end the stream: they may be its trailers', () => {
        const lab = replied(version, { maxDataSize: 4 });
        lab.engine.submitData(1, 0, new TestProvider({ bytes: 8 }));
        lab.engine.submitHeaders(0, 1, HEADERS);
        expect(lab.wrote()).to.deep.equal(['DATA 1 4', 'DATA 1 4', 'HEADERS 1']);
      });

      it('are a turn of their stream: its data is behind the others then, and no stream gets more turns by them', () => {
        for (const [streamId, order] of [
          [1, ['DATA 1 4', 'HEADERS 1', 'DATA 3 4', 'DATA 1 4 FIN', 'DATA 3 4 FIN']],
          [3, ['DATA 1 4', 'HEADERS 3', 'DATA 1 4 FIN', 'DATA 3 4', 'DATA 3 4 FIN']],
        ] as const) {
          const lab = replied(version, { maxDataSize: 4 }, 2);
          for (const id of [1, 3]) {
            lab.engine.submitData(id, DATA_FLAG_FIN, new TestProvider({ bytes: 8 }));
          }
          let first = true;
          lab.handler.afterEach = ({ cb }) => {
            if (cb !== 'on_data_send' || !first) return;
            first = false;
            lab.engine.submitHeaders(0, streamId, HEADERS);
          };
          expect(lab.wrote()).to.deep.equal(order);
        }
      });
    });

    describe('a provider that fails', () => {
      it('for its stream only resets that stream (checklist 104)', () => {
        const lab = replied(version, { maxDataSize: 4 }, 2);
        lab.engine.submitData(1, DATA_FLAG_FIN, new TestProvider({ bytes: 8, failAt: 4 }));
        lab.engine.submitHeaders(CTRL_FLAG_FIN, 1, HEADERS);
        lab.engine.submitData(3, DATA_FLAG_FIN, new TestProvider({ bytes: 4 }));
        expect(lab.wrote()).to.deep.equal([
          'DATA 1 4',
          'DATA 3 4 FIN',
          'RST_STREAM 1 INTERNAL_ERROR',
        ]);
        expect(lab.callsOf('on_ctrl_not_send', 'on_stream_close')).to.deep.equal([
          'on_ctrl_not_send HEADERS 1 FIN -511',
          'on_stream_close 1 INTERNAL_ERROR',
        ]);
        expect(lab.endOf(1)).to.deep.equal({
          name: 'StreamError',
          code: 'ERR_SPDY_TEMPORAL_CALLBACK_FAILURE',
          errno: -521,
          by: 'local',
          message: 'stream 1: the test provider fails for its stream',
          status: 6,
          streamId: 1,
        });
        const error = lab.handler.closed.get(1);
        expect(error?.cause).to.include({ code: 'ERR_SPDY_TEMPORAL_CALLBACK_FAILURE' });
      });

      it('for the session fails the call; what was written before is kept, and the stream stays open', () => {
        const lab = replied(version, { maxDataSize: 4 });
        const provider = new TestProvider({ bytes: 8, failAt: 4, fail: 'session' });
        lab.engine.submitData(1, 0, provider);
        lab.engine.submitHeaders(0, 1, HEADERS);
        expect(failureOf(() => lab.engine.pull())).to.deep.equal({
          name: 'CallbackFailureError',
          code: 'ERR_SPDY_CALLBACK_FAILURE',
          errno: -902,
          by: 'local',
          message: 'the data provider of stream 1 failed: the test provider fails',
        });
        expect(lab.wrote()).to.deep.equal(['DATA 1 4', 'HEADERS 1']);
        lab.engine.submitData(1, DATA_FLAG_FIN, new TestProvider({ bytes: 3 }));
        expect(lab.wrote()).to.deep.equal(['DATA 1 3 FIN']);
      });

      it('says why: the exception is the cause', () => {
        for (const [answer, message] of [
          [(length: number) => Buffer.alloc(length + 1), 'it returned 11 bytes when asked for 10'],
          [() => 'text', 'it returned text'],
          [() => 0, 'it returned 0'],
          [
            () => {
              throw 'a string';
            },
            'a string',
          ],
        ] as const) {
          const lab = replied(version, { maxDataSize: 10 });
          const source = new NotingSource(answer as (length: number) => Buffer);
          lab.engine.submitData(1, 0, source);
          const failure = failureOf(() => lab.engine.pull());
          expect(failure?.message).to.equal(`the data provider of stream 1 failed: ${message}`);
          expect([source.closed, lab.wrote()]).to.deep.equal([1, []]);
        }
      });

      it('may throw a CallbackFailureError of its own', () => {
        const lab = replied(version);
        const own = new CallbackFailureError('out of paper');
        lab.engine.submitData(1, 0, {
          readCb() {
            throw own;
          },
        });
        expect(thrownBy(() => lab.engine.pull())).to.equal(own);
      });
    });

    describe('a provider that calls the engine', () => {
      function calling(call: (lab: Lab) => void, result: Buffer | null = Buffer.from('x')): Lab {
        const lab = replied(version, {}, 2);
        const source = new NotingSource(() => {
          call(lab);
          return result;
        });
        lab.engine.submitData(1, 0, source);
        lab.engine.submitHeaders(0, 1, HEADERS);
        return lab;
      }

      it('may reset its own stream: nothing of it leaves', () => {
        const lab = calling(({ engine }) => engine.submitRstStream(1, 5));
        expect(lab.wrote()).to.deep.equal(['RST_STREAM 1 CANCEL']);
        expect(lab.callsOf('on_ctrl_not_send')).to.deep.equal(['on_ctrl_not_send HEADERS 1 -511']);
      });

      it('may reset another stream, and queue frames', () => {
        let first = true;
        const lab = calling(({ engine }) => {
          if (!first) return;
          first = false;
          engine.submitRstStream(3, 5);
          engine.submitPing();
          engine.submitData(1, DATA_FLAG_FIN, new TestProvider({ bytes: 2 }));
        }, null);
        expect(lab.wrote()).to.deep.equal(['PING 2', 'RST_STREAM 3 CANCEL', 'HEADERS 1']);
        lab.engine.resumeData(1);
        expect(lab.wrote()).to.deep.equal([]);
      });

      it('may end the session or the transport', () => {
        const failing = calling(({ engine }) => engine.failSession(2));
        expect(failing.wrote()).to.deep.equal([failing.goaway(3, 2)]);
        const ending = calling(({ engine }) => engine.transportEnd());
        expect([ending.wrote(), ending.engine.wantWrite()]).to.deep.equal([[], false]);
      });

      it('may do so and fail: the stream was closed once', () => {
        for (const end of ['submitRstStream', 'transportEnd'] as const) {
          for (const fail of ['stream', 'session'] as const) {
            const lab = replied(version);
            const provider = new TestProvider({ bytes: 8, failAt: 0, fail });
            const source = new NotingSource((length) => {
              if (end === 'transportEnd') lab.engine.transportEnd();
              else lab.engine.submitRstStream(1, 5);
              return provider.readCb(1, length, { flags: 0 }) as Buffer;
            });
            lab.engine.submitData(1, 0, source);
            const failure = failureOf(() => lab.engine.pull());
            expect(failure?.code ?? null).to.equal(
              fail === 'session' ? 'ERR_SPDY_CALLBACK_FAILURE' : null,
            );
            expect(lab.wrote()).to.deep.equal(
              end === 'transportEnd' || fail === 'stream' ? [] : ['RST_STREAM 1 CANCEL'],
            );
            expect(lab.callsOf('on_stream_close')).to.have.lengthOf(1);
            expect(source.closed).to.equal(1);
          }
        }
      });
    });

    describe('a provider is told when it is done with', () => {
      const once: [title: string, use: (lab: Lab, source: NotingSource) => void][] = [
        ['its stream was reset', ({ engine }) => engine.submitRstStream(1, 5)],
        ['the peer has reset its stream', (lab) => lab.receive(lab.peer.rstStream(1, 5))],
        ['the session has failed', ({ engine }) => engine.failSession(1)],
        ['the transport has ended', ({ engine }) => engine.transportEnd()],
        [
          'its stream was finished by HEADERS',
          (lab, source) => {
            source.ended = true;
            lab.engine.submitHeaders(CTRL_FLAG_FIN, 1, HEADERS);
            lab.wrote();
            lab.engine.transportEnd();
          },
        ],
        [
          'its end was sent',
          (lab, source) => {
            source.ended = true;
            lab.engine.resumeData(1);
            expect(lab.wrote()).to.deep.equal([]);
          },
        ],
      ];
      for (const [title, use] of once) {
        it(`once, when ${title}`, () => {
          const lab = replied(version);
          const source = new NotingSource(() => ERR_DEFERRED);
          lab.engine.submitData(1, 0, source);
          lab.frames();
          expect(source.closed).to.equal(0);
          use(lab, source);
          expect(source.closed).to.equal(1);
          lab.settle().engine.transportEnd();
          expect(source.closed).to.equal(1);
        });
      }

      it('at once, when its stream is not open', () => {
        const lab = replied(version);
        lab.engine.submitRstStream(1, 5);
        const source = new NotingSource(() => null);
        lab.engine.submitData(1, 0, source);
        lab.engine.submitData(3, 0, source);
        lab.engine.submitResponse(1, HEADERS, source);
        lab.engine.submitResponse(3, HEADERS, source);
        expect([source.closed, source.asked]).to.deep.equal([4, []]);
      });

      it('at its turn, when its stream has not been answered or was finished (checklist 39)', () => {
        const lab = serving(version);
        const source = new NotingSource(() => Buffer.from('data'));
        lab.engine.submitData(1, 0, source);
        expect([lab.wrote(), source.closed]).to.deep.equal([[], 1]);
        lab.engine.submitResponse(1, HEADERS);
        lab.engine.submitData(1, 0, source);
        lab.engine.submitResponse(1, HEADERS, source);
        expect([lab.wrote(), source.closed]).to.deep.equal([['SYN_REPLY 1 FIN'], 3]);
        expect([source.asked, lab.engine.wantWrite()]).to.deep.equal([[], false]);
      });

      it('with its request', () => {
        const lab = new Lab(CLIENT, version);
        const source = new NotingSource(() => null);
        lab.engine.cancel(lab.engine.submitRequest(0, HEADERS, source), 5);
        expect(source.closed).to.equal(1);
        lab.engine.transportEnd();
        lab.engine.submitRequest(0, HEADERS, source);
        expect([source.closed, source.asked]).to.deep.equal([2, []]);
      });
    });

    it('needs a provider', () => {
      const lab = replied(version);
      for (const wrong of [null, undefined, {}, { readCb: 'x' }]) {
        expect(failureOf(() => lab.engine.submitData(1, 0, wrong as DataSource))).to.deep.equal(
          invalidArgument('a data provider with a readCb function is needed'),
        );
      }
    });

    it('does not count data that is deferred, but the frames that may pass it', () => {
      const lab = replied(version);
      lab.engine.submitHeaders(0, 1, HEADERS);
      lab.engine.submitData(1, 0, new TestProvider({ bytes: 4, deferAt: [0] }));
      lab.frames();
      const size = (): number => lab.engine.getOutboundQueueSize();
      expect(size()).to.equal(0);
      for (let count = 0; count < 2; count++) lab.engine.submitHeaders(0, 1, HEADERS);
      expect(size()).to.equal(2);
      lab.engine.resumeData(1);
      expect(size()).to.equal(3);
      lab.engine.submitRstStream(1, 5);
      expect(size()).to.equal(1);
    });

    it('counts what waits in the queue, without the frame that is being written', () => {
      const lab = replied(version, { maxDataSize: 4 });
      lab.engine.submitData(1, DATA_FLAG_FIN, new TestProvider({ bytes: 8 }));
      const sizes = [lab.engine.getOutboundQueueSize()];
      const gate = lab.useGate();
      gate.pass(3);
      sizes.push(lab.engine.getOutboundQueueSize());
      gate.pass(9);
      sizes.push(lab.engine.getOutboundQueueSize());
      gate.pass(3);
      sizes.push(lab.engine.getOutboundQueueSize());
      expect(sizes).to.deep.equal([1, 0, 0, 0]);
      lab.engine.submitHeaders(0, 1, HEADERS);
      expect(lab.engine.getOutboundQueueSize()).to.equal(1);
    });
  });
}

describe('engine/send/send-data: windows', () => {
  for (const version of [SPDY3, SPDY3_1]) {
    it(`nothing is asked for beyond them, ${version.name} (checklist 173, 174, 176, 177, 179)`, () => {
      const lab = replied(version, { maxDataSize: 40_000 });
      const source = new NotingSource((length) => Buffer.alloc(length));
      lab.engine.submitData(1, 0, source);
      expect(lab.wrote()).to.deep.equal(['DATA 1 40000', 'DATA 1 25536']);
      lab.receive(lab.peer.windowUpdate(1, 100));
      if (version.sessionWindow) lab.receive(lab.peer.windowUpdate(0, 30));
      expect(lab.wrote()).to.deep.equal([version.sessionWindow ? 'DATA 1 30' : 'DATA 1 100']);
      expect(source.asked).to.deep.equal([40_000, 25_536, version.sessionWindow ? 30 : 100]);
      expect([lab.engine.wantWrite(), lab.engine.resumeData(1)]).to.deep.equal([false, false]);
    });

    it(`a stream that is stalled holds up no other one, and no frames, ${version.name} (checklist 195)`, () => {
      const lab = replied(version, { maxDataSize: 65_536 }, 3);
      if (version.sessionWindow) lab.receive(lab.peer.windowUpdate(0, 1_000_000));
      const body = patternBytes(65_536);
      lab.engine.submitData(1, 0, bytesProvider(Buffer.concat([body, body])));
      lab.frames();
      lab.engine.submitHeaders(0, 1, HEADERS);
      lab.engine.submitData(3, DATA_FLAG_FIN, new TestProvider({ bytes: 100 }));
      lab.engine.submitPing();
      expect(lab.wrote()).to.deep.equal(['PING 2', 'DATA 3 100 FIN']);
    });

    it(`an empty frame with FIN passes while they are closed, ${version.name} (checklist 180)`, () => {
      for (const closed of ['stream', 'session'] as const) {
        const lab = replied(version, { maxDataSize: 65_536 }, 2);
        const source = new NotingSource((length) => Buffer.alloc(length));
        lab.engine.submitData(1, DATA_FLAG_FIN, source);
        lab.frames();
        if (closed === 'session') lab.receive(lab.peer.windowUpdate(1, 5));
        source.ended = true;
        if (closed === 'session' && !version.sessionWindow) continue;
        expect(lab.engine.resumeData(1)).to.equal(true);
        expect([lab.engine.wantWrite(), lab.wrote()]).to.deep.equal([true, ['DATA 1 0 FIN']]);
        expect(source.asked.includes(0)).to.equal(false);
      }
    });

    it(`a body that fills its window exactly ends with FIN, ${version.name} (checklist 180)`, () => {
      for (const eofWithLast of [true, false]) {
        const lab = replied(version, { maxDataSize: 65_536 });
        const provider = new TestProvider({ bytes: 65_536, eofWithLast });
        lab.engine.submitData(1, DATA_FLAG_FIN, provider);
        expect(lab.wrote().at(-1)).to.equal(eofWithLast ? 'DATA 1 65536 FIN' : 'DATA 1 0 FIN');
      }
    });

    it(`a push has its own, ${version.name} (checklist 204)`, () => {
      const lab = serving(version, { maxDataSize: 65_536 });
      if (version.sessionWindow) lab.receive(lab.peer.windowUpdate(0, 1_000_000));
      lab.engine.submitSynStream(CTRL_FLAG_UNIDIRECTIONAL, 1, 0, HEADERS);
      lab.settle();
      lab.engine.submitData(2, DATA_FLAG_FIN, new TestProvider({ bytes: 65_537 }));
      expect(lab.wrote()).to.deep.equal(['DATA 2 65536']);
      lab.receive(lab.peer.windowUpdate(1, 1));
      expect(lab.wrote()).to.deep.equal([]);
      lab.receive(lab.peer.windowUpdate(2, 1));
      expect(lab.wrote()).to.deep.equal(['DATA 2 1 FIN']);
    });

    it(`hold nothing while flow control is switched off, ${version.name} (checklist 203)`, () => {
      const lab = replied(version, { maxDataSize: 65_536, flowControl: false });
      lab.receive(lab.peer.settings(initialWindow(0)));
      lab.engine.submitData(1, DATA_FLAG_FIN, new TestProvider({ bytes: 200_000 }));
      expect(lab.wrote()).to.deep.equal([
        'DATA 1 65536',
        'DATA 1 65536',
        'DATA 1 65536',
        'DATA 1 3392 FIN',
      ]);
    });

    it(`are charged once for a frame, however it is written, ${version.name} (checklist 176)`, () => {
      const lab = replied(version, { maxDataSize: 65_536 });
      const gate = lab.useGate();
      lab.engine.submitData(1, 0, new NotingSource((length) => Buffer.alloc(length)));
      let sent = 0;
      for (let step = 0; step < 200; step++) {
        for (const { data } of gate.pass(step < 20 ? 5 : 1_000)) sent += data.length;
      }
      expect(sent).to.equal(65_536);
    });
  }
});
