import { expect } from 'chai';
import { shown } from '../../../lib/common/check.ts';
import { EngineState } from '../../../lib/engine/engine-state.ts';
import { resolveOptions } from '../../../lib/engine/options/options.ts';
import { receiveGoaway } from '../../../lib/engine/receive/receive-session.ts';
import {
  CLIENT,
  CTRL_FLAG_FIN,
  CTRL_FLAG_UNIDIRECTIONAL,
  DATA_FLAG_FIN,
  GOAWAY,
  GOAWAY_INTERNAL_ERROR,
  GOAWAY_OK,
  GOAWAY_PROTOCOL_ERROR,
  SERVER,
  type Side,
} from '../../../lib/protocol/constants.ts';
import { PROTOCOL_VERSIONS, SPDY3 } from '../../../lib/protocol/version.ts';
import { TestProvider } from '../../support/test-provider.ts';
import { type Facts, failureOf, invalidArgument } from '../support/facts.ts';
import { HEADERS, Lab } from '../support/lab.ts';

function notAllowed(how: 'sent' | 'received'): Facts {
  return {
    name: 'StreamError',
    code: 'ERR_SPDY_SYN_STREAM_NOT_ALLOWED',
    errno: -516,
    by: 'local',
    message: `no stream can be opened after GOAWAY was ${how}`,
    status: 3,
    streamId: 0,
  };
}

function refused(streamId: number, message: string): Facts {
  return {
    name: 'StreamError',
    code: 'ERR_SPDY_STREAM_REFUSED',
    errno: -505,
    by: 'peer',
    message,
    status: 3,
    streamId,
  };
}

const FIN = { flags: CTRL_FLAG_FIN };

describe('engine/receive/receive-session: GOAWAY', () => {
  it('that says nothing new does not look through all streams', () => {
    const state = new EngineState(CLIENT, SPDY3, resolveOptions(CLIENT, {}), {});
    let looks = 0;
    state.closeUnprocessed = () => looks++;
    const receive = (lastGoodStreamId: number): number => {
      const frame = { version: 3, flags: 0, length: 8, type: GOAWAY, status: 0 } as const;
      receiveGoaway(state, { ...frame, lastGoodStreamId });
      return looks;
    };
    expect([7, 7, 9, 5, 5, 0, 0].map(receive)).to.deep.equal([1, 1, 1, 2, 2, 3, 3]);
  });
});

for (const version of PROTOCOL_VERSIONS) {
  describe(`engine: GOAWAY, ${version.name}`, () => {
    const make = (side: Side): Lab => new Lab(side, version);

    /** A client with two requests under way whose bodies wait. */
    function requesting(): Lab {
      const lab = make(CLIENT);
      for (let count = 0; count < 2; count++) {
        lab.engine.submitRequest(0, HEADERS, new TestProvider({ bytes: 4, deferAt: [0] }), count);
      }
      return lab.settle();
    }

    describe('of ours', () => {
      it('names the highest stream that was accepted, 0 for none, never one of ours (checklist 160, 161)', () => {
        const none = make(CLIENT);
        none.engine.submitRequest(0, HEADERS);
        none.settle().engine.submitGoaway();
        expect(none.wrote()).to.deep.equal(['GOAWAY 0']);

        const lab = make(SERVER);
        lab.engine.submitSettings(0, [{ id: 4, flags: 0, value: 1 }]);
        lab.engine.submitGoaway(GOAWAY_INTERNAL_ERROR);
        lab.receive(lab.peer.synStream(5, HEADERS), lab.peer.synStream(7, HEADERS));
        expect(lab.wrote()).to.deep.equal([
          'SETTINGS 4=1',
          'RST_STREAM 7 REFUSED_STREAM',
          lab.goaway(5, GOAWAY_INTERNAL_ERROR),
        ]);
      });

      it('has a status from 0 to 2, or none (checklist 112)', () => {
        for (const status of [GOAWAY_OK, GOAWAY_PROTOCOL_ERROR, GOAWAY_INTERNAL_ERROR]) {
          const lab = make(CLIENT);
          lab.engine.submitGoaway(status);
          const [written] = lab.frames();
          expect(written?.frame.status).to.equal(version.goawayStatus ? status : undefined);
          expect(written?.frame.length).to.equal(version.goawayStatus ? 8 : 4);
        }
        const lab = make(CLIENT);
        for (const wrong of [-1, 3, 0.5, '0']) {
          const message = `status must be an integer from 0 to 2, got ${shown(wrong)}`;
          expect(failureOf(() => lab.engine.submitGoaway(wrong as number))).to.deep.equal(
            invalidArgument(message),
          );
        }
        expect(lab.engine.wantWrite()).to.equal(false);
      });

      it('makes new streams of the peer unseen, but keeps the inflater in step (checklist 27, 162)', () => {
        const lab = make(SERVER);
        lab.receive(lab.peer.synStream(1, [['x', 'of the first request']])).settle();
        lab.engine.submitGoaway();
        lab.settle();
        lab.receive(
          lab.peer.synStream(3, [['x', 'of the third request']]),
          lab.peer.headers(3, HEADERS),
          lab.peer.synReply(3, HEADERS),
          lab.peer.data(3, 'data', DATA_FLAG_FIN),
          lab.peer.data(99, 'data'),
          lab.peer.synStream(1, HEADERS),
          lab.peer.synStream(2, HEADERS),
        );
        expect([lab.calls(), lab.wrote(), lab.faults()]).to.deep.equal([[], [], []]);
        lab.receive(lab.peer.headers(1, [['x', 'of the third request']], FIN));
        expect(lab.calls()).to.deep.equal(['on_ctrl_recv HEADERS 1 FIN', 'on_request_recv 1']);
      });

      it('answers HEADERS for streams that are not those which it ignores, but no DATA (checklist 27, 88)', () => {
        const lab = make(SERVER);
        lab.receive(lab.peer.synStream(1, HEADERS, FIN));
        lab.engine.submitResponse(1, HEADERS);
        lab.engine.submitGoaway();
        lab.settle();
        for (const id of [1, 2]) lab.receive(lab.peer.data(id, 'data'));
        expect([lab.wrote(), lab.faults()]).to.deep.equal([[], []]);
        for (const id of [1, 2]) lab.receive(lab.peer.headers(id, HEADERS));
        expect(lab.wrote()).to.deep.equal([
          'RST_STREAM 1 INVALID_STREAM',
          'RST_STREAM 2 INVALID_STREAM',
        ]);
      });

      it('lets the streams of both sides go on to their end (checklist 166, 167)', () => {
        const lab = make(SERVER);
        lab.receive(lab.peer.synStream(1, HEADERS));
        lab.engine.submitSynStream(CTRL_FLAG_UNIDIRECTIONAL, 1, 0, HEADERS);
        lab.settle();
        lab.engine.submitGoaway();
        lab.engine.submitResponse(1, HEADERS, new TestProvider({ bytes: 4 }));
        lab.engine.submitData(2, DATA_FLAG_FIN, new TestProvider({ bytes: 5 }));
        expect(lab.wrote()).to.deep.equal([
          'GOAWAY 1',
          'SYN_REPLY 1',
          'DATA 2 5 FIN',
          'DATA 1 4 FIN',
        ]);
        expect(lab.engine.wantRead()).to.equal(true);
        lab.receive(lab.peer.data(1, 'data', DATA_FLAG_FIN));
        expect([lab.endOf(1), lab.endOf(2)]).to.deep.equal([null, null]);
        expect([lab.engine.wantRead(), lab.engine.wantWrite()]).to.deep.equal([false, false]);
      });

      it('lets requests out that were made before it, and refuses those made later (checklist 163)', () => {
        const lab = make(CLIENT);
        lab.engine.submitRequest(0, HEADERS);
        lab.engine.submitGoaway();
        lab.engine.submitRequest(0, HEADERS);
        expect(lab.wrote()).to.deep.equal(['SYN_STREAM 1 FIN', 'SYN_STREAM 3 FIN', 'GOAWAY 0']);
        expect(lab.callsOf('on_ctrl_send')).to.deep.equal([
          'on_ctrl_send SYN_STREAM 1 FIN',
          'on_ctrl_send SYN_STREAM 3 FIN',
          'on_ctrl_send GOAWAY 0',
        ]);
        lab.receive(lab.peer.synReply(1, HEADERS, FIN)).handler.take();
        expect(lab.endOf(1)).to.equal(null);
        const late = lab.engine.submitRequest(0, HEADERS, null, 'late');
        expect(lab.engine.wantWrite()).to.equal(true);
        expect(lab.wrote()).to.deep.equal([]);
        const [dropped] = lab.handler.named('on_ctrl_not_send');
        expect(dropped?.userData).to.equal('late');
        expect(lab.calls()).to.deep.equal([
          'on_ctrl_not_send SYN_STREAM 0 FIN -516',
          'on_stream_close 0 REFUSED_STREAM',
        ]);
        expect(lab.endOf(0)).to.deep.equal(notAllowed('sent'));
        expect(late.streamId).to.equal(0);
      });

      it('refuses requests that the peer does not let out, when it was written (checklist 163)', () => {
        const lab = make(CLIENT);
        lab.receive(lab.peer.settings([{ id: 4, flags: 0, value: 1 }]));
        lab.engine.submitRequest(0, HEADERS);
        lab.engine.submitRequest(0, HEADERS);
        lab.engine.submitGoaway();
        expect(lab.wrote()).to.deep.equal(['SYN_STREAM 1 FIN', 'GOAWAY 0']);
        expect(lab.endOf(0)).to.deep.equal(notAllowed('sent'));
        expect(lab.engine.getOutboundQueueSize()).to.equal(0);
      });

      it('also lets out what was cut off by an associated stream that is gone', () => {
        const lab = make(SERVER);
        lab.engine.submitSynStream(CTRL_FLAG_UNIDIRECTIONAL, 1, 0, HEADERS);
        lab.engine.submitGoaway();
        expect(lab.wrote()).to.deep.equal(['GOAWAY 0']);
        expect(lab.endOf(0)).to.include({ code: 'ERR_SPDY_STREAM_CLOSED', errno: -510 });
      });

      it('is sent once (checklist 171)', () => {
        const lab = make(CLIENT);
        lab.engine.submitGoaway(GOAWAY_OK);
        lab.engine.submitGoaway(GOAWAY_INTERNAL_ERROR);
        expect(lab.wrote()).to.deep.equal(['GOAWAY 0']);
        expect(lab.callsOf('on_ctrl_not_send')).to.deep.equal([
          version.goawayStatus
            ? 'on_ctrl_not_send GOAWAY 0 status 2 -517'
            : 'on_ctrl_not_send GOAWAY 0 -517',
        ]);
      });

      it('is sent once more when the session fails, with the last id received (checklist 111, 168)', () => {
        const lab = make(SERVER);
        lab.receive(lab.peer.synStream(1, HEADERS));
        lab.engine.submitSettings(0, [{ id: 4, flags: 0, value: 0 }]);
        lab.receive(lab.peer.synStream(3, HEADERS));
        lab.engine.submitGoaway();
        expect(lab.wrote().at(-1)).to.equal('GOAWAY 1');
        lab.receive(lab.peer.rstStream(0, 1));
        expect(lab.wrote()).to.deep.equal([lab.goaway(3, 1)]);
        expect([lab.engine.wantRead(), lab.engine.wantWrite()]).to.deep.equal([false, false]);
      });

      it('counts from when it leaves the queue: a stream before that is accepted (checklist 161)', () => {
        const lab = make(SERVER);
        lab.engine.submitGoaway();
        lab.receive(lab.peer.synStream(1, HEADERS));
        expect(lab.wrote()).to.deep.equal(['GOAWAY 1']);
        expect(lab.callsOf('on_ctrl_recv')).to.deep.equal(['on_ctrl_recv SYN_STREAM 1']);
      });

      it('does nothing once the transport has ended', () => {
        const lab = make(CLIENT);
        lab.engine.transportEnd();
        lab.engine.submitGoaway();
        expect([lab.wrote(), lab.engine.getOutboundQueueSize()]).to.deep.equal([[], 0]);
      });
    });

    describe('of the peer', () => {
      it('is reported with its last id and whatever status (checklist 169)', () => {
        for (const status of [0, 1, 2, 11, 0xffffffff]) {
          const lab = make(CLIENT);
          lab.receive(lab.peer.goaway(7, status));
          const [call] = lab.handler.take();
          const expected = version.goawayStatus ? status : 0;
          expect([call?.frame?.lastGoodStreamId, call?.frame?.status]).to.deep.equal([7, expected]);
          expect([lab.wrote(), lab.faults()]).to.deep.equal([[], []]);
          expect(lab.engine.wantRead()).to.equal(false);
        }
      });

      it('ends our streams above its last id, safe to retry, without a word (checklist 110, 165, 166)', () => {
        const lab = requesting();
        lab.engine.submitHeaders(0, 3, HEADERS);
        lab.receive(lab.peer.goaway(1));
        expect(lab.calls()).to.deep.equal([
          'on_ctrl_recv GOAWAY 1',
          'on_ctrl_not_send HEADERS 3 -510',
          'on_stream_close 3 REFUSED_STREAM',
        ]);
        const message = 'stream 3 was not processed: the peer accepts no more streams (GOAWAY)';
        expect(lab.endOf(3)).to.deep.equal(refused(3, message));
        expect(lab.handler.closed.get(3)).to.include({ retryable: true });
        lab.engine.resumeData(1);
        expect(lab.engine.resumeData(3)).to.equal(false);
        expect(lab.wrote()).to.deep.equal(['DATA 1 4 FIN']);
        lab.receive(lab.peer.synReply(3, HEADERS, FIN), lab.peer.synReply(1, HEADERS, FIN));
        expect(lab.endOf(1)).to.equal(null);
        expect([lab.wrote(), lab.faults(), lab.engine.wantRead()]).to.deep.equal([[], [], false]);
      });

      it('refuses requests that wait and all that follow (checklist 164)', () => {
        const lab = make(CLIENT);
        lab.receive(lab.peer.settings([{ id: 4, flags: 0, value: 0 }])).settle();
        for (const priority of [1, 0]) lab.engine.submitRequest(priority, HEADERS, null, priority);
        lab.receive(lab.peer.goaway(0));
        const closed = lab.handler.named('on_stream_close').map(({ userData }) => userData);
        expect(closed).to.deep.equal([0, 1]);
        expect(lab.calls()).to.deep.equal([
          'on_ctrl_recv GOAWAY 0',
          'on_ctrl_not_send SYN_STREAM 0 FIN -516',
          'on_stream_close 0 REFUSED_STREAM',
          'on_ctrl_not_send SYN_STREAM 0 FIN -516',
          'on_stream_close 0 REFUSED_STREAM',
        ]);
        const message = 'the peer accepts no more streams (GOAWAY)';
        expect(lab.endOf(0)).to.deep.equal(refused(0, message));
        lab.engine.submitRequest(0, HEADERS);
        expect([lab.wrote(), lab.endOf(0)]).to.deep.equal([[], notAllowed('received')]);
        lab.engine.submitGoaway();
        lab.engine.submitRequest(0, HEADERS);
        expect(lab.wrote()).to.deep.equal(['GOAWAY 0']);
        expect(lab.endOf(0)).to.deep.equal(notAllowed('sent'));
      });

      it('never raises what an earlier one has said (checklist 168)', () => {
        const lab = requesting();
        lab.receive(lab.peer.goaway(0x7fffffff));
        expect([lab.endOf(1), lab.endOf(3)]).to.deep.equal([undefined, undefined]);
        lab.receive(lab.peer.goaway(1), lab.peer.goaway(3));
        expect([lab.endOf(1), lab.endOf(3)?.code]).to.deep.equal([
          undefined,
          'ERR_SPDY_STREAM_REFUSED',
        ]);
        expect(lab.callsOf('on_ctrl_recv')).to.have.lengthOf(3);
        lab.receive(lab.peer.goaway(0));
        expect(lab.endOf(1)?.code).to.equal('ERR_SPDY_STREAM_REFUSED');
      });

      it('leaves streams of the peer alone, and takes new ones', () => {
        const lab = make(SERVER);
        lab.receive(lab.peer.synStream(1, HEADERS), lab.peer.goaway(0));
        lab.receive(lab.peer.synStream(3, HEADERS));
        for (const id of [1, 3]) lab.engine.submitResponse(id, HEADERS);
        expect(lab.wrote()).to.deep.equal(['SYN_REPLY 1 FIN', 'SYN_REPLY 3 FIN']);
        lab.engine.submitSynStream(CTRL_FLAG_UNIDIRECTIONAL, 1, 0, HEADERS);
        expect(lab.wrote()).to.deep.equal([]);
        expect(lab.endOf(0)).to.deep.equal(notAllowed('received'));
      });

      it('takes back the RST_STREAM of a stream that it ends', () => {
        const lab = requesting();
        lab.engine.submitRstStream(1, 5);
        lab.receive(lab.peer.goaway(0));
        expect(lab.wrote()).to.deep.equal([]);
        expect(lab.endOf(1)?.code).to.equal('ERR_SPDY_STREAM_REFUSED');
      });

      it('ends a stream whose SYN_STREAM is half written; the rest of it follows', () => {
        const lab = make(CLIENT);
        const gate = lab.useGate();
        lab.engine.submitRequest(0, HEADERS, new TestProvider({ bytes: 4 }));
        gate.pass(3);
        lab.receive(lab.peer.goaway(0));
        expect(lab.endOf(1)?.code).to.equal('ERR_SPDY_STREAM_REFUSED');
        expect(lab.wrote()).to.deep.equal(['SYN_STREAM 1']);
        expect(lab.engine.wantWrite()).to.equal(false);
      });
    });
  });
}
