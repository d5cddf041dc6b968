import { expect } from 'chai';
import {
  CANCEL,
  CLIENT,
  CTRL_FLAG_FIN,
  CTRL_FLAG_UNIDIRECTIONAL,
  DATA_FLAG_FIN,
  INTERNAL_ERROR,
  SERVER,
} from '../../../lib/protocol/constants.ts';
import { PROTOCOL_VERSIONS } from '../../../lib/protocol/version.ts';
import { bytesProvider, TestProvider } from '../../support/test-provider.ts';
import { type Facts, sessionFault } from '../support/facts.ts';
import { HEADERS, Lab } from '../support/lab.ts';

function resetByPeer(streamId: number, status: number, code = 'ERR_SPDY_STREAM_RESET'): Facts {
  const message = `stream ${streamId} was reset by the peer with status ${status}`;
  return { name: 'StreamError', code, errno: -505, by: 'peer', message, status, streamId };
}

for (const version of PROTOCOL_VERSIONS) {
  describe(`engine/receive/receive-control, RST_STREAM: ${version.name}`, () => {
    it('ends the stream with its status, 0 and unknown ones too, and is not answered (checklist 96-98)', () => {
      for (const [status, text] of [
        [0, 'OK'],
        [1, 'PROTOCOL_ERROR'],
        [9, 'STREAM_ALREADY_CLOSED'],
        [77, '77'],
        [0xffffffff, '4294967295'],
      ] as const) {
        const lab = new Lab(SERVER, version);
        lab.receive(lab.peer.synStream(1, HEADERS), lab.peer.synStream(3, HEADERS)).settle();
        lab.engine.setStreamUserData(1, 'mine');
        lab.receive(lab.peer.rstStream(1, status));
        const [end] = lab.handler.named('on_stream_close');
        expect(end?.userData).to.equal('mine');
        expect(lab.calls()).to.deep.equal([
          `on_ctrl_recv RST_STREAM 1 ${text}`,
          `on_stream_close 1 ${text}`,
        ]);
        expect(lab.endOf(1)).to.deep.equal(resetByPeer(1, status));
        expect(lab.endOf(3)).to.equal(undefined);
        expect(lab.wrote()).to.deep.equal([]);
      }
    });

    it('REFUSED_STREAM is safe to retry, nothing else is (checklist 110)', () => {
      const lab = new Lab(CLIENT, version);
      for (let count = 0; count < 2; count++) lab.engine.submitRequest(0, HEADERS);
      lab.settle().receive(lab.peer.rstStream(1, 3), lab.peer.rstStream(3, 5));
      expect(lab.endOf(1)).to.deep.equal(resetByPeer(1, 3, 'ERR_SPDY_STREAM_REFUSED'));
      const retryable = [1, 3].map((id) => {
        const error = lab.handler.closed.get(id);
        return error && 'retryable' in error && error.retryable;
      });
      expect(retryable).to.deep.equal([true, false]);
    });

    it('for a stream that is not open is reported and nothing else (checklist 99)', () => {
      const lab = new Lab(SERVER, version);
      lab.receive(lab.peer.synStream(1, HEADERS, { flags: CTRL_FLAG_FIN }));
      lab.engine.submitResponse(1, HEADERS);
      lab.settle();
      for (const id of [1, 2, 9]) lab.receive(lab.peer.rstStream(id, 5));
      expect(lab.calls()).to.deep.equal(
        [1, 2, 9].map((id) => `on_ctrl_recv RST_STREAM ${id} CANCEL`),
      );
      expect([lab.wrote(), lab.faults()]).to.deep.equal([[], []]);
    });

    it('for stream 0 ends the session (checklist 100)', () => {
      const lab = new Lab(SERVER, version);
      lab.receive(lab.peer.rstStream(0, 5));
      expect(lab.faults()).to.deep.equal([sessionFault('RST_STREAM for stream 0')]);
      expect(lab.calls()).to.deep.equal([
        'on_invalid_ctrl_recv RST_STREAM 0 CANCEL PROTOCOL_ERROR',
      ]);
      expect(lab.wrote()).to.deep.equal([lab.goaway(0, 1)]);
    });

    it('lets nothing of the stream out any more, and leaves the deflater in step (checklist 39, 101, 102)', () => {
      const lab = new Lab(SERVER, version);
      lab.receive(lab.peer.synStream(1, HEADERS), lab.peer.synStream(3, HEADERS));
      const provider = Object.assign(new TestProvider({ bytes: 100 }), {
        closed: 0,
        close() {
          this.closed++;
        },
      });
      lab.engine.submitResponse(1, [['x', 'of the first stream']], provider);
      lab.engine.submitHeaders(0, 1, [['x', 'of the first stream, once more']]);
      lab.handler.take();
      lab.receive(lab.peer.rstStream(1, 5));
      expect(lab.calls()).to.deep.equal([
        'on_ctrl_recv RST_STREAM 1 CANCEL',
        'on_ctrl_not_send SYN_REPLY 1 -510',
        'on_ctrl_not_send HEADERS 1 -510',
        'on_stream_close 1 CANCEL',
      ]);
      expect([provider.reads, provider.closed]).to.deep.equal([0, 1]);
      lab.engine.submitResponse(3, [['x', 'of the third stream']]);
      lab.engine.submitHeaders(0, 1, HEADERS);
      lab.engine.submitData(1, DATA_FLAG_FIN, provider);
      lab.engine.submitRstStream(1, 5);
      const frames = lab.frames();
      expect(frames.map(({ frame }) => [frame.type, frame.streamId])).to.deep.equal([
        ['SYN_REPLY', 3],
      ]);
      expect(frames[0]?.headers).to.deep.equal([['x', 'of the third stream']]);
      expect(lab.callsOf('on_ctrl_not_send')).to.deep.equal(['on_ctrl_not_send HEADERS 1 -510']);
      expect([provider.reads, provider.closed]).to.deep.equal([0, 2]);
    });

    it('ends a stream whose SYN_STREAM is half written; the rest of it follows', () => {
      const lab = new Lab(CLIENT, version);
      const gate = lab.useGate();
      const provider = new TestProvider({ bytes: 10 });
      lab.engine.submitRequest(0, HEADERS, provider);
      gate.pass(9);
      lab.receive(lab.peer.rstStream(1, CANCEL));
      expect(lab.endOf(1)).to.deep.equal(resetByPeer(1, CANCEL));
      lab.handler.take();
      lab.engine.submitRequest(0, HEADERS);
      expect(lab.wrote()).to.deep.equal(['SYN_STREAM 1', 'SYN_STREAM 3 FIN']);
      expect(lab.callsOf('on_ctrl_send', 'on_stream_close')).to.deep.equal([
        'on_ctrl_send SYN_STREAM 1',
        'on_ctrl_send SYN_STREAM 3 FIN',
      ]);
      expect(provider.reads).to.equal(0);
    });

    it('ends streams whose SYN_REPLY and DATA are half written; the rest of them follows', () => {
      const lab = new Lab(SERVER, version);
      const gate = lab.useGate();
      for (const id of [1, 3]) lab.receive(lab.peer.synStream(id, HEADERS));
      lab.engine.submitResponse(1, HEADERS);
      gate.pass(3);
      lab.receive(lab.peer.rstStream(1, CANCEL));
      expect(lab.wrote()).to.deep.equal(['SYN_REPLY 1 FIN']);
      lab.engine.submitSynReply(0, 3, HEADERS);
      lab.wrote();
      lab.engine.submitData(3, DATA_FLAG_FIN, bytesProvider(Buffer.from('body')));
      gate.pass(3);
      lab.receive(lab.peer.rstStream(3, CANCEL));
      lab.handler.take();
      expect(lab.wrote()).to.deep.equal(['DATA 3 4 FIN']);
      expect(lab.calls()).to.deep.equal(['on_data_send 3 4 FIN']);
      expect([lab.endOf(1), lab.endOf(3)]).to.deep.equal([
        resetByPeer(1, CANCEL),
        resetByPeer(3, CANCEL),
      ]);
    });

    it('takes back our own RST_STREAM while that waits, but not while it is half written', () => {
      const lab = new Lab(SERVER, version);
      const gate = lab.useGate();
      for (const id of [1, 3]) lab.receive(lab.peer.synStream(id, HEADERS));
      lab.engine.submitRstStream(1, INTERNAL_ERROR);
      gate.pass(3);
      lab.engine.submitRstStream(3, INTERNAL_ERROR);
      lab.receive(lab.peer.rstStream(1, CANCEL), lab.peer.rstStream(3, CANCEL)).handler.take();
      expect(lab.wrote()).to.deep.equal(['RST_STREAM 1 INTERNAL_ERROR']);
      expect(lab.calls()).to.deep.equal(['on_ctrl_send RST_STREAM 1 INTERNAL_ERROR']);
      expect([lab.endOf(1), lab.endOf(3)]).to.deep.equal([
        resetByPeer(1, CANCEL),
        resetByPeer(3, CANCEL),
      ]);
    });

    it('takes back a RST_STREAM that the report of it has caused (checklist 98)', () => {
      const lab = new Lab(SERVER, version);
      lab.receive(lab.peer.synStream(1, HEADERS));
      lab.handler.afterEach = ({ frame }) => {
        if (frame?.type === 'RST_STREAM') lab.engine.submitRstStream(1, INTERNAL_ERROR);
      };
      lab.receive(lab.peer.rstStream(1, CANCEL));
      expect(lab.wrote()).to.deep.equal([]);
      expect(lab.endOf(1)).to.deep.equal(resetByPeer(1, CANCEL));
    });

    it('ends the session when it comes too often', () => {
      const rate = { burst: 2, perSecond: 1 };
      const lab = new Lab(SERVER, version, { streamResetRate: rate, now: () => 0 });
      for (const id of [1, 3, 5, 7]) lab.receive(lab.peer.synStream(id, HEADERS));
      lab.settle();
      for (const id of [1, 3, 5]) lab.receive(lab.peer.rstStream(id, CANCEL));
      const fault = sessionFault('the peer resets streams too fast', 'ERR_SPDY_TOO_MANY_RESETS');
      expect(lab.faults()).to.deep.equal([fault]);
      expect([5, 7].map((id) => lab.endOf(id))).to.deep.equal([fault, fault]);
      expect(lab.wrote()).to.deep.equal([lab.goaway(7, 1)]);
    });

    it('counts the RST_STREAMs that the peer makes us send with those that it sends', () => {
      const rate = { burst: 2, perSecond: 1 };
      const lab = new Lab(SERVER, version, { streamResetRate: rate, now: () => 0 });
      lab.receive(lab.peer.rstStream(1, CANCEL));
      lab.receive(lab.peer.data(9, 'data'), lab.peer.data(11, 'data'));
      const message = 'the peer makes streams fail too fast';
      expect(lab.faults().at(-1)).to.deep.equal(sessionFault(message, 'ERR_SPDY_TOO_MANY_RESETS'));
      expect(lab.wrote()).to.deep.equal(['RST_STREAM 9 INVALID_STREAM', lab.goaway(0, 1)]);
    });

    describe('CANCEL', () => {
      /** A server with request 1, its pushes 2 and 4, and a push 6 for another request. */
      function pushing(): Lab {
        const lab = new Lab(SERVER, version);
        for (const id of [1, 3]) lab.receive(lab.peer.synStream(id, HEADERS));
        for (const id of [1, 1, 3]) {
          lab.engine.submitSynStream(CTRL_FLAG_UNIDIRECTIONAL, id, 0, HEADERS);
        }
        lab.settle();
        for (const id of [2, 4, 6]) {
          lab.engine.submitData(id, DATA_FLAG_FIN, new TestProvider({ bytes: 4, deferAt: [0] }));
        }
        return lab.settle();
      }

      it('of a request ends its pushes, and no others (checklist 109, 253)', () => {
        const lab = pushing();
        // This one is being reset already, and the last one waits.
        lab.engine.submitRstStream(4, INTERNAL_ERROR);
        const waiting = lab.engine.submitSynStream(CTRL_FLAG_UNIDIRECTIONAL, 1, 0, HEADERS);
        lab.receive(lab.peer.rstStream(1, CANCEL));
        expect(lab.calls()).to.deep.equal([
          'on_ctrl_recv RST_STREAM 1 CANCEL',
          'on_stream_close 1 CANCEL',
          'on_stream_close 2 CANCEL',
        ]);
        expect(lab.endOf(2)).to.deep.equal({
          ...resetByPeer(2, CANCEL),
          message: 'stream 2: its request 1 was cancelled by the peer',
        });
        expect(lab.wrote()).to.deep.equal(['RST_STREAM 4 INTERNAL_ERROR', 'RST_STREAM 2 CANCEL']);
        expect(waiting.streamId).to.equal(0);
        expect(lab.endOf(0)).to.include({ code: 'ERR_SPDY_STREAM_CLOSED', status: 3 });
        expect([lab.endOf(3), lab.endOf(6)]).to.deep.equal([undefined, undefined]);
        expect(lab.engine.resumeData(6)).to.equal(true);
        expect(lab.wrote()).to.deep.equal(['DATA 6 4 FIN']);
      });

      it('of a request ends no push that has ended', () => {
        const lab = pushing();
        lab.engine.resumeData(2);
        lab.engine.resumeData(4);
        lab.settle().receive(lab.peer.rstStream(1, CANCEL));
        expect(lab.callsOf('on_stream_close')).to.deep.equal(['on_stream_close 1 CANCEL']);
        expect(lab.wrote()).to.deep.equal([]);
      });

      it('of a request ends no push that another report has ended', () => {
        const lab = pushing();
        lab.handler.afterEach = ({ cb, streamId }) => {
          if (cb === 'on_stream_close' && streamId === 2) lab.engine.submitRstStream(4, CANCEL);
        };
        lab.receive(lab.peer.rstStream(1, CANCEL));
        expect(lab.wrote()).to.deep.equal(['RST_STREAM 4 CANCEL', 'RST_STREAM 2 CANCEL']);
        expect(lab.endOf(4)).to.include({ by: 'local', code: 'ERR_SPDY_STREAM_CLOSING' });
      });

      it('of a push stops it at once, and nothing else (checklist 252)', () => {
        const lab = pushing();
        lab.engine.resumeData(2);
        lab.receive(lab.peer.rstStream(2, CANCEL));
        expect(lab.wrote()).to.deep.equal([]);
        expect(lab.callsOf('on_stream_close')).to.deep.equal(['on_stream_close 2 CANCEL']);
        lab.receive(lab.peer.rstStream(1, CANCEL));
        expect(lab.callsOf('on_stream_close')).to.deep.equal([
          'on_stream_close 1 CANCEL',
          'on_stream_close 4 CANCEL',
        ]);
      });

      it('is what stops pushes: another status of the request does not (checklist 247)', () => {
        const lab = pushing();
        lab.receive(lab.peer.rstStream(1, INTERNAL_ERROR));
        expect(lab.callsOf('on_stream_close')).to.deep.equal(['on_stream_close 1 INTERNAL_ERROR']);
        lab.engine.resumeData(2);
        expect(lab.wrote()).to.deep.equal(['DATA 2 4 FIN']);
      });

      it('of a request that was reset before ends no push any more, whoever has reset it', () => {
        for (const reset of [
          (lab: Lab) => lab.receive(lab.peer.rstStream(1, INTERNAL_ERROR)),
          (lab: Lab) => lab.engine.submitRstStream(1, INTERNAL_ERROR),
        ]) {
          const lab = pushing();
          reset(lab);
          lab.settle().receive(lab.peer.rstStream(1, CANCEL));
          expect(lab.calls()).to.deep.equal(['on_ctrl_recv RST_STREAM 1 CANCEL']);
          lab.engine.resumeData(2);
          expect(lab.wrote()).to.deep.equal(['DATA 2 4 FIN']);
        }
      });
    });
  });
}
