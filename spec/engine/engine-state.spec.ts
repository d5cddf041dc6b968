import { expect } from 'chai';
import { shown } from '../../lib/common/check.ts';
import { SessionError } from '../../lib/errors.ts';
import {
  CANCEL,
  CLIENT,
  CTRL_FLAG_FIN,
  CTRL_FLAG_UNIDIRECTIONAL,
  DATA_FLAG_FIN,
  ERR_DEFERRED,
  GOAWAY_INTERNAL_ERROR,
  GOAWAY_OK,
  GOAWAY_PROTOCOL_ERROR,
  SERVER,
} from '../../lib/protocol/constants.ts';
import { PROTOCOL_VERSIONS } from '../../lib/protocol/version.ts';
import { TestProvider } from '../support/test-provider.ts';
import { type Facts, facts, failureOf, invalidArgument, sessionFault } from './support/facts.ts';
import { HEADERS, Lab } from './support/lab.ts';
import { initialWindow, serving } from './support/serving.ts';

function ownEnd(status: number): Facts {
  return {
    name: 'SessionError',
    code: 'ERR_SPDY_SESSION_CLOSED',
    errno: -519,
    by: 'local',
    message: 'the session was ended by this side',
    status,
  };
}

function transportClosed(name: 'SessionError' | 'StreamError', message: string): Facts {
  const code = 'ERR_SPDY_TRANSPORT_CLOSED';
  return { name, code, errno: -507, by: 'peer', message };
}

for (const version of PROTOCOL_VERSIONS) {
  describe(`engine/engine-state: ${version.name}`, () => {
    it('transportEnd() inside of a provider that is closed leaves nothing in the queue', () => {
      for (const reset of ['ours', 'of the peer', 'a fault'] as const) {
        const lab = serving(version);
        lab.engine.submitResponse(1, HEADERS, {
          readCb: () => ERR_DEFERRED,
          close: () => lab.engine.transportEnd(),
        });
        lab.settle();
        if (reset === 'ours') lab.engine.submitRstStream(1, CANCEL);
        else if (reset === 'of the peer') lab.receive(lab.peer.rstStream(1, CANCEL));
        else lab.receive(lab.peer.synReply(1, HEADERS));
        expect(lab.engine.getOutboundQueueSize(), reset).to.equal(0);
        expect([lab.engine.wantWrite(), lab.frames()], reset).to.deep.equal([false, []]);
      }
    });

    describe('failSession()', () => {
      it('writes GOAWAY with the status as the last frame, and ends all streams (checklist 19, 111-113, 115)', () => {
        for (const status of [GOAWAY_OK, GOAWAY_PROTOCOL_ERROR, GOAWAY_INTERNAL_ERROR]) {
          const lab = serving(version, {}, 2);
          lab.engine.submitResponse(1, HEADERS, new TestProvider({ bytes: 4 }));
          lab.engine.submitSynStream(CTRL_FLAG_UNIDIRECTIONAL, 1, 0, HEADERS);
          lab.engine.setStreamUserData(3, 'mine');
          lab.engine.failSession(status);
          expect(lab.engine.failed).to.equal(true);
          expect(lab.handler.named('on_stream_close').at(-1)?.userData).to.equal('mine');
          // The reasons of single frames would be told too often.
          expect(lab.calls()).to.deep.equal([
            'on_stream_close 0 REFUSED_STREAM',
            'on_stream_close 1 INTERNAL_ERROR',
            'on_stream_close 3 INTERNAL_ERROR',
          ]);
          const end = ownEnd(status);
          expect([0, 1, 3].map((id) => lab.endOf(id))).to.deep.equal([end, end, end]);
          expect(lab.faults()).to.deep.equal([end]);
          expect([lab.engine.wantRead(), lab.engine.wantWrite()]).to.deep.equal([false, true]);
          expect(lab.wrote()).to.deep.equal([lab.goaway(3, status)]);
          expect([lab.engine.wantRead(), lab.engine.wantWrite()]).to.deep.equal([false, false]);
        }
      });

      it('takes an error of the caller, but the status that it was given (checklist 112)', () => {
        const lab = serving(version);
        const error = new SessionError('ERR_SPDY_TIMEOUT', 'too slow', 9, 'peer');
        lab.engine.failSession(GOAWAY_INTERNAL_ERROR, error);
        expect(lab.handler.closed.get(1)).to.equal(error);
        expect(lab.handler.sessionErrors).to.deep.equal([error]);
        expect(lab.wrote()).to.deep.equal([lab.goaway(1, 2)]);
      });

      it('needs a status from 0 to 2', () => {
        const lab = serving(version);
        for (const wrong of [-1, 3, '1', undefined]) {
          expect(failureOf(() => lab.engine.failSession(wrong as number))).to.deep.equal(
            invalidArgument(`status must be an integer from 0 to 2, got ${shown(wrong)}`),
          );
        }
        expect(lab.engine.failed).to.equal(false);
      });

      it('lets RST_STREAMs out that wait, but no credit, PING or SETTINGS', () => {
        const lab = serving(version, { windowUpdates: 'manual' }, 2);
        lab.engine.submitRstStream(1, CANCEL);
        lab.receive(lab.peer.ping(1), lab.peer.data(99, 'data'));
        lab.engine.submitPing();
        lab.engine.submitSettings(0, []);
        lab.engine.submitGoaway(GOAWAY_OK);
        if (version.streamWindows) lab.engine.submitWindowUpdate(3, 5);
        lab.engine.failSession(GOAWAY_INTERNAL_ERROR);
        expect(lab.wrote()).to.deep.equal([
          'RST_STREAM 99 INVALID_STREAM',
          'RST_STREAM 1 CANCEL',
          lab.goaway(3, 2),
        ]);
        expect(lab.endOf(1)).to.deep.equal(ownEnd(2));
      });

      it('has no effect the second time, nor after the end', () => {
        const lab = serving(version);
        lab.engine.failSession(GOAWAY_INTERNAL_ERROR);
        lab.engine.failSession(GOAWAY_OK);
        lab.receive(lab.peer.rstStream(0, 1));
        expect(lab.wrote()).to.deep.equal([lab.goaway(1, 2)]);
        lab.engine.failSession(GOAWAY_OK);
        expect([lab.wrote(), lab.faults()]).to.deep.equal([[], [ownEnd(2)]]);
      });

      it('reads nothing more, not even from the chunk that is being read (checklist 21)', () => {
        const lab = serving(version);
        lab.handler.afterEach = ({ cb }) => {
          if (cb === 'on_ctrl_recv') lab.engine.failSession(GOAWAY_OK);
        };
        lab.receive(Buffer.concat([lab.peer.ping(1), lab.peer.ping(3), lab.peer.data(1, 'data')]));
        lab.receive(lab.peer.ping(5));
        expect(lab.callsOf('on_ctrl_recv', 'on_data_chunk_recv')).to.deep.equal([
          'on_ctrl_recv PING 1',
        ]);
        expect(lab.wrote()).to.deep.equal(['GOAWAY 1']);
      });

      it('refuses what is submitted from then on', () => {
        for (const ended of [false, true]) {
          const lab = serving(version);
          lab.engine.failSession(GOAWAY_OK);
          if (ended) lab.frames();
          lab.handler.take();
          lab.engine.submitRequest(0, HEADERS);
          expect(lab.calls()).to.deep.equal([
            'on_ctrl_not_send SYN_STREAM 0 FIN -516',
            'on_stream_close 0 REFUSED_STREAM',
          ]);
          expect(lab.endOf(0)).to.deep.equal({
            name: 'StreamError',
            code: 'ERR_SPDY_SESSION_CLOSED',
            errno: -519,
            by: 'local',
            message: 'the session is closed',
            status: 3,
            streamId: 0,
          });
          lab.engine.submitHeaders(0, 1, HEADERS);
          expect(lab.wrote()).to.deep.equal(ended ? [] : ['GOAWAY 1']);
          expect(lab.callsOf('on_ctrl_not_send')).to.deep.equal([
            'on_ctrl_not_send HEADERS 1 -510',
          ]);
        }
      });

      it('from inside of a report of its own ends nothing twice', () => {
        const lab = serving(version, {}, 3);
        lab.handler.afterEach = () => {
          lab.engine.failSession(GOAWAY_INTERNAL_ERROR);
          lab.engine.submitRstStream(3, CANCEL);
          lab.engine.transportEnd();
        };
        lab.engine.failSession(GOAWAY_OK);
        expect(lab.calls()).to.deep.equal([
          'on_stream_close 1 INTERNAL_ERROR',
          'on_stream_close 3 INTERNAL_ERROR',
          'on_stream_close 5 INTERNAL_ERROR',
        ]);
        expect([lab.wrote(), lab.engine.wantWrite()]).to.deep.equal([[], false]);
      });
    });

    describe('a session error of the peer', () => {
      it('names what was wrong to every stream, but leaves a stream its own reason (checklist 115)', () => {
        const lab = serving(version, {}, 2);
        lab.receive(lab.peer.headers(1, [['Upper-Case', '']]), lab.peer.rstStream(0, 1));
        expect(lab.endOf(1)).to.include({ code: 'ERR_SPDY_INVALID_HEADER_BLOCK', streamId: 1 });
        expect(lab.endOf(3)).to.deep.equal(sessionFault('RST_STREAM for stream 0'));
        expect(lab.callsOf('on_stream_close')).to.deep.equal([
          'on_stream_close 1 PROTOCOL_ERROR',
          'on_stream_close 3 INTERNAL_ERROR',
        ]);
        expect(lab.wrote()).to.deep.equal(['RST_STREAM 1 PROTOCOL_ERROR', lab.goaway(3, 1)]);
      });
    });

    describe('an error of the peer on a stream', () => {
      it('is told in order: dropped frames, the invalid frame, the error; its end when RST_STREAM is out', () => {
        const lab = serving(version);
        lab.engine.submitResponse(1, HEADERS);
        lab.handler.onStreamError = (error) => {
          lab.handler.callbacks.push({ cb: 'on_stream_error', streamId: error.streamId });
        };
        lab.receive(lab.peer.synReply(1, HEADERS));
        lab.wrote();
        expect(lab.calls()).to.deep.equal([
          'on_ctrl_not_send SYN_REPLY 1 FIN -510',
          'on_invalid_ctrl_recv SYN_REPLY 1 PROTOCOL_ERROR',
          'on_stream_error 1',
          'before_ctrl_send RST_STREAM 1 PROTOCOL_ERROR',
          'on_ctrl_send RST_STREAM 1 PROTOCOL_ERROR',
          'on_stream_close 1 PROTOCOL_ERROR',
        ]);
      });

      it('gives one RST_STREAM, whatever else happens from inside (checklist 105)', () => {
        if (!version.streamWindows) return;
        const lab = serving(version, {}, 3);
        for (const id of [1, 3, 5]) lab.receive(lab.peer.windowUpdate(id, 1));
        lab.handler.onStreamError = ({ streamId }) => {
          if (streamId === 1) lab.engine.submitRstStream(3, CANCEL);
        };
        lab.receive(lab.peer.settings(initialWindow(0x7fffffff)));
        expect(lab.wrote()).to.deep.equal([
          'RST_STREAM 1 FLOW_CONTROL_ERROR',
          'RST_STREAM 5 FLOW_CONTROL_ERROR',
          'RST_STREAM 3 CANCEL',
        ]);
        expect(lab.endOf(3)).to.include({ code: 'ERR_SPDY_STREAM_CLOSING', by: 'local' });
      });

      it('may be followed from inside by the end of the session', () => {
        const lab = serving(version);
        lab.engine.submitResponse(1, HEADERS);
        lab.handler.afterEach = ({ cb }) => {
          if (cb === 'on_ctrl_not_send') lab.engine.failSession(GOAWAY_INTERNAL_ERROR);
        };
        lab.receive(lab.peer.synReply(1, HEADERS));
        expect(lab.wrote()).to.deep.equal(['RST_STREAM 1 PROTOCOL_ERROR', lab.goaway(1, 2)]);
        expect(lab.callsOf('on_stream_close')).to.have.lengthOf(1);
      });
    });

    describe('transportEnd()', () => {
      it('ends every stream and request with an error, and writes nothing more (checklist 20)', () => {
        const lab = new Lab(CLIENT, version);
        lab.engine.submitRequest(0, HEADERS, new TestProvider({ bytes: 4 }), 'mine');
        lab.settle().receive(lab.peer.settings([{ id: 4, flags: 0, value: 1 }]));
        lab.engine.submitRequest(0, HEADERS, null, 'waits');
        lab.engine.submitPing();
        lab.handler.take();
        lab.engine.transportEnd();
        const ends = lab.handler.named('on_stream_close').map(({ userData }) => userData);
        expect(ends).to.deep.equal(['waits', 'mine']);
        expect(lab.calls()).to.deep.equal([
          'on_stream_close 0 REFUSED_STREAM',
          'on_stream_close 1 INTERNAL_ERROR',
        ]);
        const message = 'the transport ended while the stream was open';
        const expected = { ...transportClosed('SessionError', message), status: 2 };
        expect([lab.endOf(0), lab.endOf(1)]).to.deep.equal([expected, expected]);
        expect([lab.wrote(), lab.engine.wantWrite(), lab.engine.failed]).to.deep.equal([
          [],
          false,
          true,
        ]);
        lab.engine.transportEnd();
        lab.receive(lab.peer.ping(2));
        expect([lab.calls(), lab.faults()]).to.deep.equal([[], []]);
      });

      it('takes the reason of the caller', () => {
        const lab = serving(version);
        const error = new SessionError('ERR_SPDY_ABORTED', 'enough', 2, 'local');
        lab.engine.transportEnd(error);
        expect(lab.handler.closed.get(1)).to.equal(error);
      });

      it('leaves nothing to write, wherever it comes from', () => {
        for (const from of [
          'before_ctrl_send',
          'on_ctrl_send',
          'on_data_send',
          'on_stream_close',
        ]) {
          for (const style of ['pull', 'send'] as const) {
            const lab = new Lab(SERVER, version);
            const gate = style === 'send' ? lab.useGate() : null;
            lab.receive(lab.peer.synStream(1, HEADERS, { flags: CTRL_FLAG_FIN }));
            lab.engine.submitResponse(1, HEADERS, new TestProvider({ bytes: 4 }));
            lab.engine.submitPing();
            lab.handler.afterEach = ({ cb }) => {
              if (cb === from) lab.engine.transportEnd();
            };
            const written = lab.wrote();
            if (style === 'pull' || from === 'before_ctrl_send') {
              expect(written, from).to.deep.equal([]);
            }
            expect(lab.engine.wantWrite(), from).to.equal(false);
            lab.handler.take();
            const offers = gate?.offers.length;
            expect([lab.frames(), lab.calls()]).to.deep.equal([[], []]);
            expect(gate?.offers.length).to.equal(offers);
          }
        }
      });

      it('drops a frame that is half written, also from inside of sendCb', () => {
        const lab = serving(version);
        const gate = lab.useGate();
        lab.engine.submitPing();
        gate.pass(3);
        lab.engine.transportEnd();
        expect([lab.engine.wantWrite(), gate.pass()]).to.deep.equal([false, []]);

        const other = serving(version);
        other.engine.submitPing();
        other.engine.submitPing();
        let calls = 0;
        Object.assign(other.handler, {
          sendCb(data: Buffer) {
            calls++;
            other.engine.transportEnd();
            return data.length;
          },
        });
        other.engine.send();
        other.engine.send();
        expect([calls, other.engine.wantWrite()]).to.deep.equal([1, false]);
      });

      it('drops a last GOAWAY that nobody has taken', () => {
        const lab = serving(version);
        lab.engine.failSession(GOAWAY_OK);
        lab.handler.afterEach = () => {
          throw new Error('of the application');
        };
        expect(() => lab.engine.pull()).to.throw('of the application');
        expect(lab.engine.wantWrite()).to.equal(true);
        lab.engine.transportEnd();
        expect([lab.engine.wantWrite(), lab.engine.pull()]).to.deep.equal([false, null]);
      });
    });

    describe('inputEnd()', () => {
      const message = 'the peer ended the transport before it finished the stream';

      it('ends streams that the peer had not finished, with RST_STREAM; the others go on (checklist 20)', () => {
        const lab = new Lab(SERVER, version);
        lab.receive(
          lab.peer.synStream(1, HEADERS),
          lab.peer.synStream(3, HEADERS, { flags: CTRL_FLAG_FIN }),
          lab.peer.synStream(5, HEADERS),
        );
        lab.engine.submitRstStream(5, 6);
        lab.engine.submitHeaders(0, 1, HEADERS);
        lab.handler.take();
        lab.engine.inputEnd();
        expect(lab.calls()).to.deep.equal([
          'on_ctrl_not_send HEADERS 1 -510',
          'on_stream_close 1 CANCEL',
        ]);
        expect(lab.endOf(1)).to.deep.equal({
          ...transportClosed('StreamError', `stream 1: ${message}`),
          status: 5,
          streamId: 1,
        });
        lab.engine.submitResponse(3, HEADERS, new TestProvider({ bytes: 4 }));
        expect(lab.wrote()).to.deep.equal([
          'RST_STREAM 5 INTERNAL_ERROR',
          'RST_STREAM 1 CANCEL',
          'SYN_REPLY 3',
          'DATA 3 4 FIN',
        ]);
        expect(lab.endOf(3)).to.equal(null);
      });

      it('ends requests that wait, and those that are made later: nobody would answer them', () => {
        const lab = new Lab(CLIENT, version);
        const expected = { ...transportClosed('StreamError', message), status: 3, streamId: 0 };
        lab.engine.submitRequest(0, HEADERS);
        lab.engine.inputEnd();
        expect(lab.endOf(0)).to.deep.equal(expected);
        lab.handler.closed.clear();
        lab.handler.take();
        lab.engine.submitRequest(0, HEADERS);
        expect(lab.endOf(0)).to.deep.equal(expected);
        expect(lab.calls()).to.deep.equal([
          'on_ctrl_not_send SYN_STREAM 0 FIN -516',
          'on_stream_close 0 REFUSED_STREAM',
        ]);
        expect(lab.wrote()).to.deep.equal([]);
      });

      it('does nothing in a session that has failed', () => {
        const lab = serving(version);
        lab.engine.failSession(GOAWAY_OK);
        lab.engine.inputEnd();
        expect(lab.wrote()).to.deep.equal(['GOAWAY 1']);
      });

      it('ends nothing that a report of it has ended', () => {
        const lab = serving(version, {}, 2);
        lab.handler.afterEach = () => lab.engine.failSession(GOAWAY_OK);
        lab.engine.inputEnd();
        expect(lab.wrote()).to.deep.equal(['RST_STREAM 1 CANCEL', 'GOAWAY 3']);
        expect(lab.callsOf('on_stream_close')).to.deep.equal([
          'on_stream_close 1 CANCEL',
          'on_stream_close 3 INTERNAL_ERROR',
        ]);
      });

      it('rethrows what a report throws', () => {
        const lab = serving(version);
        lab.handler.afterEach = () => {
          throw new Error('of the application');
        };
        const { afterEach } = lab.handler;
        expect(() => lab.engine.inputEnd()).to.throw('of the application');
        const calls: ((other: Lab) => void)[] = [
          ({ engine }) => engine.transportEnd(),
          ({ engine }) => engine.failSession(GOAWAY_OK),
          ({ engine }) => engine.submitRstStream(1, CANCEL),
        ];
        for (const call of calls) {
          const other = serving(version);
          other.engine.submitResponse(1, HEADERS);
          other.handler.afterEach = afterEach;
          expect(() => call(other)).to.throw('of the application');
          expect(() => other.engine.submitSettings(0, [])).not.to.throw();
        }
      });
    });

    it('an end without error is not told as one (checklist 166, 167)', () => {
      const lab = serving(version);
      lab.receive(lab.peer.data(1, '', DATA_FLAG_FIN));
      lab.engine.submitResponse(1, HEADERS);
      lab.wrote();
      expect(facts(lab.handler.closed.get(1))).to.equal(null);
      expect(lab.engine.statistics.streamsClosed).to.equal(1);
    });
  });
}
