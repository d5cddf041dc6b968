import { expect } from 'chai';
import {
  CANCEL,
  CLIENT,
  CTRL_FLAG_FIN,
  DATA_FLAG_FIN,
  SERVER,
  SETTINGS_MAX_CONCURRENT_STREAMS,
} from '../../lib/protocol/constants.ts';
import { SPDY2, SPDY3, SPDY3_1 } from '../../lib/protocol/version.ts';
import { TestProvider } from '../support/test-provider.ts';
import { HEADERS, Lab } from './support/lab.ts';
import { initialWindow, receiveData, serving } from './support/serving.ts';

/** What the direction of a stream waits for: ours, the peer's. */
function waits(lab: Lab, id = 1): unknown[] {
  const { sending, receiving } = lab.engine.insight.stream(id) ?? {};
  return [sending, receiving];
}

describe('engine/insight', () => {
  it('shows every stream, those that wait to be opened behind the others, by priority', () => {
    const lab = new Lab(CLIENT, SPDY3_1);
    lab.receive(lab.peer.settings([{ id: SETTINGS_MAX_CONCURRENT_STREAMS, flags: 0, value: 1 }]));
    const { insight } = lab.engine;
    expect([insight.peerMaxStreams, insight.waitingStreams]).to.deep.equal([1, 0]);
    lab.engine.submitSynStream(0, 0, 2, HEADERS);
    lab.settle();
    const last = lab.engine.submitSynStream(0, 0, 7, HEADERS);
    lab.engine.submitSynStream(0, 0, 3, HEADERS);
    const second = lab.engine.submitSynStream(0, 0, 3, HEADERS);
    expect(
      insight
        .streams()
        .map(({ id, priority, sending, receiving }) => [id, priority, sending, receiving]),
    ).to.deep.equal([
      [1, 2, 'application', 'peer'],
      [0, 3, 'limit', 'opening'],
      [0, 3, 'limit', 'opening'],
      [0, 7, 'limit', 'opening'],
    ]);
    expect(insight.waitingStreams).to.equal(3);
    expect(insight.stream(last)).to.deep.equal({
      id: 0,
      own: true,
      priority: 7,
      sending: 'limit',
      receiving: 'opening',
      bytesSent: 0,
      sendWindow: null,
      receiveWindow: null,
      unconsumedBytes: 0,
      outboundQueueSize: 0,
    });
    lab.engine.cancel(second, CANCEL);
    expect(insight.stream(second)).to.equal(null);
    expect(insight.stream(99)).to.equal(null);
    expect(insight.stream({ streamId: 1 })).to.equal(null);
  });

  it('a stream that may be opened waits for its turn', () => {
    const lab = new Lab(CLIENT, SPDY2);
    const handle = lab.engine.submitSynStream(0, 0, 0, HEADERS);
    expect(lab.engine.insight.stream(handle)).to.include({
      sending: 'queued',
      receiving: 'opening',
    });
  });

  it('nothing to send, something deferred: the application has to give something', () => {
    const lab = serving(SPDY3_1);
    expect(waits(lab)).to.deep.equal(['application', 'peer']);
    lab.engine.submitResponse(1, HEADERS, new TestProvider({ bytes: 10, deferAt: [0] }));
    expect(waits(lab)).to.deep.equal(['queued', 'peer']);
    lab.settle();
    expect(waits(lab)).to.deep.equal(['application', 'peer']);
    expect(lab.engine.insight.stream(1)).to.include({ outboundQueueSize: 1 });
    lab.engine.resumeData(1);
    expect(waits(lab)).to.deep.equal(['queued', 'peer']);
    lab.settle();
    expect(waits(lab)).to.deep.equal(['ended', 'peer']);
    receiveData(lab, 1, 0, DATA_FLAG_FIN);
    expect(lab.engine.insight.stream(1)).to.equal(null);
  });

  it('a window of the peer that is used up: of the stream, of the session', () => {
    const lab = serving(SPDY3_1, {}, 2);
    lab.receive(lab.peer.settings(initialWindow(1000)));
    lab.engine.submitResponse(1, HEADERS, new TestProvider({ bytes: 100_000 }));
    lab.settle();
    expect(waits(lab)).to.deep.equal(['streamWindow', 'peer']);
    expect(lab.engine.insight.stream(1)).to.include({ sendWindow: 0 });
    expect(lab.engine.insight.sendWindow).to.equal(64_536);
    lab.receive(lab.peer.windowUpdate(1, 99_000));
    lab.settle();
    expect(waits(lab)).to.deep.equal(['sessionWindow', 'peer']);
    expect(lab.engine.insight.sendWindow).to.equal(0);
    lab.engine.submitResponse(3, HEADERS, new TestProvider({ bytes: 0 }));
    lab.frames();
    expect(waits(lab, 3)).to.deep.equal(['ended', 'peer']);
  });

  it('an end that needs no window waits for its turn only', () => {
    const lab = serving(SPDY3);
    lab.receive(lab.peer.settings(initialWindow(1000)));
    const provider = new TestProvider({ bytes: 1000, eofWithLast: false });
    lab.engine.submitResponse(1, HEADERS, provider);
    lab.useGate().pass(1);
    expect(waits(lab)[0]).to.equal('queued');
    lab.frames();
    expect(waits(lab)[0]).to.equal('ended');
    const other = serving(SPDY3);
    other.receive(other.peer.settings(initialWindow(0)));
    let ended = false;
    const late = {
      get ended() {
        return ended;
      },
      readCb: (_id: number, _length: number, control: { flags: number }) => {
        control.flags = 1;
        return Buffer.alloc(0);
      },
    };
    other.engine.submitResponse(1, HEADERS, late);
    other.settle();
    expect(waits(other)[0]).to.equal('streamWindow');
    ended = true;
    expect(waits(other)[0]).to.equal('queued');
  });

  it('a window of ours that is used up: of the stream, of the session', () => {
    const lab = serving(SPDY3_1, { windowUpdates: 'consume' }, 2);
    receiveData(lab, 1, 65_536);
    expect(waits(lab)).to.deep.equal(['application', 'streamWindow']);
    expect(waits(lab, 3)).to.deep.equal(['application', 'sessionWindow']);
    expect(lab.engine.insight.receiveWindow).to.equal(0);
    expect(lab.engine.insight.stream(1)).to.include({ receiveWindow: 0, unconsumedBytes: 65_536 });
    lab.engine.consume(1, 65_536);
    expect([waits(lab), waits(lab, 3)]).to.deep.equal([
      ['application', 'peer'],
      ['application', 'peer'],
    ]);
  });

  it('windows are null where there are none', () => {
    const cases = [
      [SPDY2, {}, [null, null, null, null]],
      [SPDY3, {}, [null, null, 65_536, 65_536]],
      [SPDY3_1, { flowControl: false }, [null, null, null, null]],
    ] as const;
    for (const [version, options, expected] of cases) {
      const lab = serving(version, options);
      const { sendWindow, receiveWindow } = lab.engine.insight;
      const stream = lab.engine.insight.stream(1);
      expect(
        [sendWindow, receiveWindow, stream?.sendWindow, stream?.receiveWindow],
        version.name,
      ).to.deep.equal(expected);
      expect(waits(lab)).to.deep.equal(['application', 'peer']);
    }
  });

  it('ends and resets', () => {
    const lab = new Lab(SERVER, SPDY3_1);
    lab.receive(lab.peer.synStream(1, HEADERS, { flags: CTRL_FLAG_FIN }));
    expect(waits(lab)).to.deep.equal(['application', 'ended']);
    lab.engine.submitRstStream(1, CANCEL);
    expect(waits(lab)).to.deep.equal(['resetting', 'resetting']);
    lab.settle();
    expect(lab.engine.insight.stream(1)).to.equal(null);
  });
});
