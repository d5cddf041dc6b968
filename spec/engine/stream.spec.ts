import { expect } from 'chai';
import type { DataSource } from '../../lib/engine/data-provider.ts';
import { LANE_NONE, NO_HEADERS, type OutItem, Stream } from '../../lib/engine/stream.ts';
import { RECEIVE_STATES } from '../../lib/engine/stream-state.ts';
import { HEADERS, SYN_STREAM } from '../../lib/protocol/constants.ts';
import type { HeadersFrame, SynStreamFrame } from '../../lib/protocol/frames.ts';

const FRAME: HeadersFrame = {
  version: 3,
  flags: 0,
  length: 0,
  type: HEADERS,
  streamId: 1,
  headers: [],
};

const OPENING: SynStreamFrame = {
  version: 3,
  flags: 0,
  length: 0,
  type: SYN_STREAM,
  streamId: 1,
  associatedToStreamId: 0,
  priority: 0,
  slot: 0,
  headers: [],
};

const SOURCE: DataSource = { readCb: () => null };

function frameItem(): OutItem {
  return { frame: FRAME, wireHeaders: NO_HEADERS, provider: null, fin: false, deferred: false };
}

function dataItem(deferred = false): OutItem {
  return { frame: null, wireHeaders: NO_HEADERS, provider: SOURCE, fin: true, deferred };
}

function makeStream(own: boolean, items: OutItem[] = []): Stream {
  const stream = new Stream(1, own, 2, 3, 4);
  stream.outbox.push(...items);
  return stream;
}

describe('engine/stream', () => {
  it('begins with nothing but what it was made of', () => {
    const stream = makeStream(true);
    const { streamId, own, priority, sendWindow, receiveWindow, lane, userData } = stream;
    expect({ streamId, own, priority, sendWindow, receiveWindow, lane, userData }).to.deep.equal({
      streamId: 1,
      own: true,
      priority: 2,
      sendWindow: 3,
      receiveWindow: 4,
      lane: LANE_NONE,
      userData: null,
    });
    expect([stream.outboxLength, stream.nextItem()]).to.deep.equal([0, -1]);
  });

  it('looks to arriving frames as its flags say, the later stage first', () => {
    const stateOf = (own: boolean, flags: Partial<Stream>): string | undefined => {
      const stream = Object.assign(makeStream(own), flags);
      return RECEIVE_STATES[stream.receiveState()];
    };
    expect(stateOf(true, {})).to.equal('opening');
    expect(stateOf(true, { replied: true })).to.equal('open');
    expect(stateOf(false, {})).to.equal('accepting');
    expect(stateOf(false, { replied: true })).to.equal('accepting');
    expect(stateOf(true, { replied: true, remoteClosed: true })).to.equal('remoteClosed');
    expect(stateOf(false, { remoteClosed: true, localClosed: true })).to.equal('remoteClosed');
    expect(stateOf(true, { opening: OPENING, remoteClosed: true })).to.equal('initial');
    expect(stateOf(true, { opening: OPENING, closing: true })).to.equal('reset');
  });

  it('sends its items in their order', () => {
    const items = [frameItem(), dataItem(), frameItem()];
    const stream = makeStream(false, items);
    const order: (OutItem | undefined)[] = [];
    for (let left = 3; left > 0; left--) {
      expect(stream.outboxLength).to.equal(left);
      const position = stream.nextItem();
      order.push(stream.outbox[position]);
      stream.removeItem(position);
    }
    expect(order).to.deep.equal(items);
    expect([stream.outboxLength, stream.outboxHead, stream.outbox.length]).to.deep.equal([0, 0, 0]);
  });

  it('keeps nothing of what was sent, even if there is always more to send', () => {
    const stream = makeStream(true, [frameItem()]);
    let most = 0;
    for (let turn = 0; turn < 10_000; turn++) {
      stream.outbox.push(dataItem());
      stream.removeItem(stream.nextItem());
      most = Math.max(most, stream.outbox.length);
    }
    expect(stream.outboxLength).to.equal(1);
    expect(most).to.be.below(200);
  });

  it('keeps the order of many items while it lets go of those that were sent', () => {
    const items = Array.from({ length: 300 }, () => dataItem());
    const stream = makeStream(true, [...items]);
    const order: unknown[] = [];
    while (stream.outboxLength > 0) {
      const position = stream.nextItem();
      order.push(stream.outbox[position]);
      stream.removeItem(position);
    }
    expect(order.every((item, index) => item === items[index])).to.equal(true);
    expect([order.length, stream.outbox.length, stream.outboxHead]).to.deep.equal([300, 0, 0]);
  });

  it('lets the first frame pass data that is deferred, but no other data', () => {
    const [deferred, data, frame, last] = [dataItem(true), dataItem(), frameItem(), frameItem()];
    const stream = makeStream(false, [frameItem(), deferred, data, frame, last]);
    stream.removeItem(0);
    for (const expected of [frame, last]) {
      const position = stream.nextItem();
      expect(stream.outbox[position]).to.equal(expected);
      stream.removeItem(position);
    }
    expect(stream.nextItem()).to.equal(-1);
    expect(stream.outboxLength).to.equal(2);
    deferred.deferred = false;
    expect(stream.outbox[stream.nextItem()]).to.equal(deferred);
  });
});
