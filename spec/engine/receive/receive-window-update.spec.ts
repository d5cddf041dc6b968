import { expect } from 'chai';
import type { EngineOptions } from '../../../lib/engine/options/options.ts';
import { CTRL_FLAG_FIN, DATA_FLAG_FIN, SERVER } from '../../../lib/protocol/constants.ts';
import { type ProtocolVersion, SPDY2, SPDY3, SPDY3_1 } from '../../../lib/protocol/version.ts';
import { rawControlFrame, uint32 } from '../../support/frame-factory.ts';
import { TestProvider } from '../../support/test-provider.ts';
import { sessionFault, streamFault } from '../support/facts.ts';
import { HEADERS, Lab } from '../support/lab.ts';
import { initialWindow, serving } from '../support/serving.ts';

const MOST = 0x7fffffff;

/** A server that answers request 1 with a body of `bytes` bytes, as far as the windows let it. */
function answering(version: ProtocolVersion, bytes: number, options: EngineOptions = {}): Lab {
  const lab = serving(version, { maxDataSize: 65_536, ...options });
  lab.engine.submitResponse(1, HEADERS, new TestProvider({ bytes }));
  return lab;
}

describe('engine/receive/receive-control, WINDOW_UPDATE', () => {
  for (const version of [SPDY3, SPDY3_1]) {
    describe(version.name, () => {
      it('lets as many more bytes out, and is reported when it counts (checklist 176, 179)', () => {
        const lab = answering(version, 100_000);
        if (version.sessionWindow) lab.receive(lab.peer.windowUpdate(0, MOST - 65_536));
        expect(lab.wrote()).to.deep.equal(['SYN_REPLY 1', 'DATA 1 65536']);
        expect(lab.engine.wantWrite()).to.equal(false);
        lab.handler.take();
        lab.receive(lab.peer.windowUpdate(1, 10_000));
        expect(lab.calls()).to.deep.equal(['on_ctrl_recv WINDOW_UPDATE 1 +10000']);
        expect(lab.engine.wantWrite()).to.equal(true);
        lab.receive(lab.peer.windowUpdate(1, 1));
        expect(lab.wrote()).to.deep.equal(['DATA 1 10001']);
        lab.receive(lab.peer.windowUpdate(1, 24_463));
        expect(lab.wrote()).to.deep.equal(['DATA 1 24463 FIN']);
      });

      it('works while the peer has finished its half (checklist 189)', () => {
        const lab = new Lab(SERVER, version);
        lab.receive(lab.peer.synStream(1, HEADERS, { flags: CTRL_FLAG_FIN }));
        lab.receive(lab.peer.settings(initialWindow(0)));
        lab.engine.submitResponse(1, HEADERS, new TestProvider({ bytes: 10 }));
        expect(lab.wrote()).to.deep.equal(['SYN_REPLY 1']);
        lab.receive(lab.peer.windowUpdate(1, 10));
        expect(lab.wrote()).to.deep.equal(['DATA 1 10 FIN']);
      });

      it('of 0 is FLOW_CONTROL_ERROR on the stream (checklist 182)', () => {
        const lab = serving(version);
        lab.receive(lab.peer.windowUpdate(1, 0));
        const fault = streamFault(1, 7, 'WINDOW_UPDATE of 0', 'ERR_SPDY_FLOW_CONTROL');
        expect(lab.faults()).to.deep.equal([fault]);
        expect(lab.calls()).to.deep.equal([
          'on_invalid_ctrl_recv WINDOW_UPDATE 1 +0 FLOW_CONTROL_ERROR',
        ]);
        expect(lab.wrote()).to.deep.equal(['RST_STREAM 1 FLOW_CONTROL_ERROR']);
        expect(lab.endOf(1)).to.deep.equal(fault);
      });

      it('may bring a stream window to 2^31-1, but not beyond (checklist 184)', () => {
        const lab = serving(version, {}, 2);
        for (const id of [1, 3]) lab.receive(lab.peer.windowUpdate(id, MOST - 65_536));
        lab.settle();
        expect(lab.faults()).to.deep.equal([]);
        lab.receive(lab.peer.windowUpdate(1, 1), lab.peer.windowUpdate(3, MOST));
        const message = 'WINDOW_UPDATE made its window overflow';
        expect(lab.faults()).to.deep.equal(
          [1, 3].map((id) => streamFault(id, 7, message, 'ERR_SPDY_FLOW_CONTROL')),
        );
        expect(lab.wrote()).to.deep.equal([
          'RST_STREAM 1 FLOW_CONTROL_ERROR',
          'RST_STREAM 3 FLOW_CONTROL_ERROR',
        ]);
      });

      it('for a stream that is unknown, closed or reset is ignored, also of 0 (checklist 186)', () => {
        const lab = serving(version, {}, 4);
        lab.receive(lab.peer.data(1, '', DATA_FLAG_FIN), lab.peer.rstStream(3, 5));
        lab.engine.submitResponse(1, HEADERS);
        lab.engine.submitRstStream(5, 5);
        lab.settle();
        lab.engine.submitRstStream(7, 5);
        for (const id of [1, 2, 3, 5, 7, 99]) {
          for (const delta of [1, 0, MOST]) lab.receive(lab.peer.windowUpdate(id, delta));
        }
        expect(lab.calls()).to.deep.equal([]);
        expect(lab.wrote()).to.deep.equal(['RST_STREAM 7 CANCEL']);
      });

      it('for a stream that we have finished does no harm, whatever it says (checklist 187)', () => {
        const lab = serving(version);
        lab.engine.submitResponse(1, HEADERS);
        lab.settle();
        for (const delta of [1, 0, MOST, MOST]) lab.receive(lab.peer.windowUpdate(1, delta));
        expect([lab.wrote(), lab.faults()]).to.deep.equal([[], []]);
        lab.receive(lab.peer.data(1, '', DATA_FLAG_FIN));
        expect(lab.endOf(1)).to.equal(null);
      });

      it('counts for nothing while flow control is switched off (checklist 203)', () => {
        const lab = answering(version, 300_000, { flowControl: false });
        for (const id of [0, 1]) {
          for (const delta of [MOST, MOST, 0]) lab.receive(lab.peer.windowUpdate(id, delta));
        }
        lab.receive(lab.peer.settings(initialWindow(0)), lab.peer.settings(initialWindow(MOST)));
        expect(lab.faults()).to.deep.equal([]);
        const sent = lab.frames().reduce((sum, { data }) => sum + data.length, 0);
        expect(sent).to.equal(300_000);
      });

      it('ends the session when it comes too often, but four are fine for each DATA frame sent', () => {
        const windowUpdateRate = { burst: 3, perSecond: 0 };
        const lab = serving(version, { windowUpdateRate, now: () => 0 });
        const provider = new TestProvider({ bytes: 10, deferAt: [0, 5] });
        lab.engine.submitResponse(1, HEADERS, provider);
        const update = (times: number): void => {
          for (let left = times; left > 0; left--) lab.receive(lab.peer.windowUpdate(1, 1));
        };
        update(3);
        lab.frames();
        lab.engine.resumeData(1);
        expect(lab.wrote()).to.deep.equal(['DATA 1 5']);
        // Three of them, since it saves up no more than the burst.
        update(3);
        expect(lab.faults()).to.deep.equal([]);
        update(1);
        expect(lab.faults()).to.deep.equal([
          sessionFault('the peer sends WINDOW_UPDATE too fast', 'ERR_SPDY_TOO_MANY_WINDOW_UPDATES'),
        ]);
        expect(lab.wrote()).to.deep.equal(['GOAWAY 1 status 1']);
      });
    });
  }

  it('for stream 0 lets the streams of SPDY/3.1 out again, most urgent first (checklist 177)', () => {
    const lab = new Lab(SERVER, SPDY3_1, { maxDataSize: 65_536 });
    for (const [id, priority] of [
      [1, 3],
      [3, 1],
    ] as const) {
      lab.receive(lab.peer.synStream(id, HEADERS, { priority }));
      lab.engine.submitResponse(id, HEADERS, new TestProvider({ bytes: 40_000 }));
    }
    expect(lab.wrote()).to.deep.equal([
      'SYN_REPLY 3',
      'DATA 3 40000 FIN',
      'SYN_REPLY 1',
      'DATA 1 25536',
    ]);
    expect([lab.engine.wantWrite(), lab.engine.getOutboundQueueSize()]).to.deep.equal([false, 0]);
    lab.handler.take();
    lab.receive(lab.peer.windowUpdate(0, 14_000));
    expect(lab.calls()).to.deep.equal(['on_ctrl_recv WINDOW_UPDATE 0 +14000']);
    expect(lab.wrote()).to.deep.equal(['DATA 1 14000']);
    lab.receive(lab.peer.windowUpdate(0, 1_000));
    expect(lab.wrote()).to.deep.equal(['DATA 1 464 FIN']);
  });

  it('for stream 0 does nothing in SPDY/3, whatever it says (checklist 188)', () => {
    const lab = serving(SPDY3);
    for (const delta of [1, 0, MOST, MOST]) lab.receive(lab.peer.windowUpdate(0, delta));
    expect([lab.calls(), lab.wrote(), lab.faults()]).to.deep.equal([[], [], []]);
  });

  it('for stream 0 of 0 ends a SPDY/3.1 session (checklist 183)', () => {
    const lab = serving(SPDY3_1);
    lab.receive(lab.peer.windowUpdate(0, 0));
    const message = 'WINDOW_UPDATE of 0 for the session';
    expect(lab.faults()).to.deep.equal([sessionFault(message, 'ERR_SPDY_FLOW_CONTROL')]);
    expect(lab.calls()[0]).to.equal('on_invalid_ctrl_recv WINDOW_UPDATE 0 +0 PROTOCOL_ERROR');
    expect(lab.wrote()).to.deep.equal(['GOAWAY 1 status 1']);
  });

  it('may bring the window of a SPDY/3.1 session to 2^31-1, but not beyond (checklist 185)', () => {
    const lab = serving(SPDY3_1);
    lab.receive(lab.peer.windowUpdate(0, MOST - 65_536));
    expect(lab.faults()).to.deep.equal([]);
    lab.settle().receive(lab.peer.windowUpdate(0, 1));
    const message = 'WINDOW_UPDATE made the session window overflow';
    expect(lab.faults()).to.deep.equal([sessionFault(message, 'ERR_SPDY_FLOW_CONTROL')]);
    expect(lab.calls()[0]).to.equal('on_invalid_ctrl_recv WINDOW_UPDATE 0 +1 PROTOCOL_ERROR');
    expect(lab.wrote()).to.deep.equal(['GOAWAY 1 status 1']);
  });

  it('is an unknown type in SPDY/2 (checklist 172)', () => {
    const lab = serving(SPDY2);
    lab.receive(rawControlFrame({ version: 2, type: 9, payload: uint32(1, 0) }));
    lab.receive(lab.peer.ping(1));
    expect(lab.callsOf('on_unknown_ctrl_recv', 'on_ctrl_recv')).to.deep.equal([
      'on_unknown_ctrl_recv',
      'on_ctrl_recv PING 1',
    ]);
    expect(lab.faults()).to.deep.equal([]);
  });
});
