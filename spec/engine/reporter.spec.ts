import { expect } from 'chai';
import type { EngineHandler } from '../../lib/engine/engine-handler.ts';
import { Reporter } from '../../lib/engine/reporter.ts';
import { SessionError, StreamError } from '../../lib/errors.ts';
import { CANCEL, CLIENT, PING, SERVER } from '../../lib/protocol/constants.ts';
import type { PingFrame } from '../../lib/protocol/frames.ts';
import { PROTOCOL_VERSIONS } from '../../lib/protocol/version.ts';
import { type Facts, failureOf, thrownBy } from './support/facts.ts';
import { HEADERS, Lab } from './support/lab.ts';

const FRAME: PingFrame = { version: 3, flags: 0, length: 4, type: PING, id: 1 };
const BYTES = Buffer.from('bytes');
const STREAM_ERROR = new StreamError('ERR_SPDY_PROTOCOL', 'wrong', 1, 1, 'peer');
const SESSION_ERROR = new SessionError('ERR_SPDY_PROTOCOL', 'wrong', 1, 'peer');

/** Every notification: the method of the handler, and the call of the reporter with what it is told. */
const NOTIFICATIONS: readonly (readonly [
  callback: keyof EngineHandler,
  told: readonly unknown[],
  call: (report: Reporter) => void,
])[] = [
  ['onCtrlRecv', [FRAME], (report) => report.ctrlRecv(FRAME)],
  ['onInvalidCtrlRecv', [FRAME, 3], (report) => report.invalidCtrlRecv(FRAME, 3)],
  ['onDataChunkRecv', [1, 3, BYTES], (report) => report.dataChunkRecv(1, 3, BYTES)],
  ['onDataRecv', [1, 3, 5], (report) => report.dataRecv(1, 3, 5)],
  ['beforeCtrlSend', [FRAME], (report) => report.beforeCtrlSend(FRAME)],
  ['onCtrlSend', [FRAME], (report) => report.ctrlSend(FRAME)],
  ['onCtrlNotSend', [FRAME, -510], (report) => report.ctrlNotSend(FRAME, -510)],
  ['onDataSend', [1, 3, 5], (report) => report.dataSend(1, 3, 5)],
  ['onStreamClose', [3, 1, STREAM_ERROR], (report) => report.streamClose(3, 1, STREAM_ERROR)],
  ['onRequestRecv', [3], (report) => report.requestRecv(3)],
  [
    'onCtrlRecvParseError',
    [1, BYTES, BYTES, -506],
    (report) => report.ctrlRecvParseError(1, BYTES, BYTES, -506),
  ],
  ['onUnknownCtrlRecv', [BYTES, BYTES], (report) => report.unknownCtrlRecv(BYTES, BYTES)],
  ['onStreamError', [STREAM_ERROR], (report) => report.streamError(STREAM_ERROR)],
  ['onSessionError', [SESSION_ERROR], (report) => report.sessionError(SESSION_ERROR)],
];

function cannotBeCalled(call: string): Facts {
  return {
    name: 'InvalidStateError',
    code: 'ERR_SPDY_INVALID_STATE',
    errno: -519,
    by: 'local',
    message: `${call}() cannot be called from inside a callback of the engine`,
  };
}

function throwing(exception: unknown): () => never {
  return () => {
    throw exception;
  };
}

describe('engine/reporter', () => {
  for (const [callback, told, call] of NOTIFICATIONS) {
    it(`${callback}: tells the handler, keeps what it throws, and needs none`, () => {
      const seen: unknown[] = [];
      const handler: EngineHandler = {
        [callback](this: unknown, ...args: unknown[]) {
          seen.push(this, ...args);
        },
      };
      const report = new Reporter(handler);
      call(report);
      expect(seen).to.deep.equal([handler, ...told]);
      for (const [index, value] of told.entries()) expect(seen[index + 1]).to.equal(value);
      report.rethrow();

      const exception = new Error('of the handler');
      const failing = new Reporter({ [callback]: throwing(exception) });
      call(failing);
      expect(thrownBy(() => failing.rethrow())).to.equal(exception);
      expect(thrownBy(() => failing.rethrow())).to.equal(null);

      const alone = new Reporter({});
      call(alone);
      expect(thrownBy(() => alone.rethrow())).to.equal(null);
    });
  }

  it('throws nothing while application code is running, however deep', () => {
    const report = new Reporter({ onRequestRecv: throwing('first') });
    report.enter();
    report.enter();
    report.requestRecv(1);
    expect(thrownBy(() => report.rethrow())).to.equal(null);
    report.leave();
    expect(thrownBy(() => report.rethrow())).to.equal(null);
    report.leave();
    expect(thrownBy(() => report.rethrow())).to.equal('first');
  });

  it('counts a notification as application code, also one that throws', () => {
    const seen: unknown[] = [];
    const report: Reporter = new Reporter({
      onRequestRecv: throwing('kept'),
      onStreamError: () => seen.push(thrownBy(() => report.rethrow())),
    });
    report.requestRecv(1);
    report.streamError(STREAM_ERROR);
    expect(seen).to.deep.equal([null]);
    expect(thrownBy(() => report.rethrow())).to.equal('kept');
  });

  it('refuses what may not be called from application code', () => {
    const seen: unknown[] = [];
    const report: Reporter = new Reporter({
      onRequestRecv: () => seen.push(failureOf(() => report.assertOutside('receive'))),
    });
    report.assertOutside('receive');
    report.requestRecv(1);
    report.assertOutside('receive');
    expect(seen).to.deep.equal([cannotBeCalled('receive')]);
  });

  it('keeps the last of several exceptions, even undefined', () => {
    const exceptions: unknown[] = [new Error('first'), undefined];
    const report = new Reporter({
      onRequestRecv() {
        throw exceptions.shift();
      },
    });
    report.requestRecv(1);
    report.requestRecv(3);
    let thrown: unknown = 'nothing';
    try {
      report.rethrow();
    } catch (exception) {
      thrown = exception;
    }
    expect(thrown).to.equal(undefined);
  });

  it('tells a data provider that it is done with, if it wants to know', () => {
    const report = new Reporter({});
    let closed = 0;
    const source = {
      readCb: () => null,
      close(): void {
        if (this !== source) throw new Error('another this');
        closed++;
      },
    };
    report.closeProvider(source);
    report.closeProvider({ readCb: () => null });
    report.closeProvider(null);
    report.rethrow();
    expect(closed).to.equal(1);
    report.closeProvider({ readCb: () => null, close: throwing('of the provider') });
    expect(thrownBy(() => report.rethrow())).to.equal('of the provider');
  });

  describe('in an engine', () => {
    for (const version of PROTOCOL_VERSIONS) {
      it(`an exception stops no processing and comes out at the end, in ${version.name}`, () => {
        const lab = new Lab(SERVER, version);
        lab.handler.afterEach = ({ cb, streamId }) => {
          throw new Error(`${cb} ${streamId ?? ''}`.trim());
        };
        const bytes = Buffer.concat([
          lab.peer.synStream(1, HEADERS),
          lab.peer.data(1, 'data', 1),
          lab.peer.ping(7),
        ]);
        expect(() => lab.receive(bytes)).to.throw(/^on_ctrl_recv$/);
        expect(lab.calls()).to.deep.equal([
          'on_ctrl_recv SYN_STREAM 1',
          'on_data_chunk_recv 1 4 FIN',
          'on_data_recv 1 4 FIN',
          'on_request_recv 1',
          'on_ctrl_recv PING 7',
        ]);
        lab.engine.submitResponse(1, HEADERS);
        expect(() => lab.engine.pull()).to.throw(/^on_stream_close 1$/);
        // The bytes are still there.
        lab.handler.afterEach = () => {};
        expect(lab.engine.wantWrite()).to.equal(true);
        expect(lab.wrote()).to.deep.equal(['PING 7', 'SYN_REPLY 1 FIN']);
      });
    }

    it('nobody gets into the engine a second time, from any callback, and nothing is lost by trying', () => {
      for (const version of PROTOCOL_VERSIONS) {
        const lab = new Lab(SERVER, version);
        const failures: unknown[] = [];
        const enter = (): void => {
          failures.push(
            failureOf(() => lab.engine.receive(Buffer.alloc(1))),
            failureOf(() => lab.engine.recv()),
            failureOf(() => lab.engine.pull()),
            failureOf(() => lab.engine.send()),
          );
        };
        const expected = ['receive', 'recv', 'pull', 'send'].map(cannotBeCalled);
        Object.assign(lab.handler, { recvCb: () => expect.fail('asked for bytes') });
        lab.handler.afterEach = enter;
        lab.receive(lab.peer.synStream(1, HEADERS));
        expect(failures.splice(0)).to.deep.equal(expected);
        lab.handler.afterEach = () => {};
        lab.engine.submitResponse(1, HEADERS, {
          readCb() {
            enter();
            return null;
          },
        });
        lab.frames();
        expect(failures.splice(0)).to.deep.equal(expected);
        Object.assign(lab.handler, {
          sendCb(data: Buffer) {
            enter();
            return data.length;
          },
        });
        lab.engine.submitPing();
        lab.engine.send();
        expect(failures.splice(0)).to.deep.equal(expected);
        lab.receive(lab.peer.ping(1));
        expect(lab.callsOf('on_ctrl_recv').at(-1)).to.equal('on_ctrl_recv PING 1');
      }
    });

    it('an exception comes out of the call that was running, also of one that reports nothing itself', () => {
      for (const version of PROTOCOL_VERSIONS) {
        const lab = new Lab(CLIENT, version);
        const waiting = lab.engine.submitRequest(0, HEADERS);
        lab.handler.afterEach = ({ cb }) => {
          throw new Error(cb);
        };
        expect(() => lab.engine.cancel(waiting, CANCEL)).to.throw(/^on_stream_close$/);
        expect(lab.calls()).to.deep.equal([
          'on_ctrl_not_send SYN_STREAM 0 FIN -511',
          'on_stream_close 0 CANCEL',
        ]);
        const provider = {
          readCb: () => null,
          close: throwing(new Error('closed')),
        };
        expect(() => lab.engine.submitData(99, 0, provider)).to.throw('closed');
        expect(() => lab.engine.submitResponse(99, HEADERS, provider)).to.throw('closed');
        lab.engine.transportEnd();
        const calls: (() => void)[] = [
          () => lab.engine.submitRequest(0, HEADERS),
          () => lab.engine.submitSynStream(0, 0, 0, HEADERS),
          () => lab.engine.submitSynReply(0, 1, HEADERS),
          () => lab.engine.submitHeaders(0, 1, HEADERS),
        ];
        for (const call of calls) expect(call).to.throw(/^on_(stream_close|ctrl_not_send)$/);
      }
    });
  });
});
