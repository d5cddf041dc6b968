import { expect } from 'chai';
import type { DataSource } from '../../../lib/engine/data-provider.ts';
import {
  CLOSED,
  CLOSING,
  LANE_NONE,
  LOCAL_CLOSED,
  NO_HEADERS,
  type Opening,
  type OutItem,
  REMOTE_CLOSED,
  REPLIED,
  StreamRecord,
} from '../../../lib/engine/streams/stream-record.ts';
import { RECEIVE_STATES } from '../../../lib/engine/streams/stream-state.ts';
import { HEADERS, SYN_STREAM } from '../../../lib/protocol/constants.ts';
import type { HeadersFrame, SynStreamFrame } from '../../../lib/protocol/frames.ts';

const FRAME: HeadersFrame = {
  version: 3,
  flags: 0,
  length: 0,
  type: HEADERS,
  streamId: 1,
  headers: [],
};

const SYN: SynStreamFrame = {
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

const OPENING: Opening = { frame: SYN, wireHeaders: NO_HEADERS, urgency: 1 };

const SOURCE: DataSource = { readCb: () => null };

function frameItem(): OutItem {
  return { ...dataItem(), frame: FRAME, provider: null, fin: false };
}

function dataItem(deferred = false): OutItem {
  return {
    frame: null,
    wireHeaders: NO_HEADERS,
    provider: SOURCE,
    fin: true,
    deferred,
    next: null,
  };
}

function makeStream(own: boolean, items: OutItem[] = []): StreamRecord {
  const stream = new StreamRecord(1, own, 2, 3, 4);
  for (const item of items) stream.append(item);
  return stream;
}

describe('engine/streams/stream-record', () => {
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
    expect([stream.itemCount, stream.nextItem()]).to.deep.equal([0, null]);
  });

  it('looks to arriving frames as its flags say, the later stage first', () => {
    const stateOf = (own: boolean, marks: number, opening: Opening | null = null): string => {
      const stream = makeStream(own);
      stream.mark(marks);
      stream.opening = opening;
      return RECEIVE_STATES[stream.receiveState()] as string;
    };
    expect(stateOf(true, 0)).to.equal('opening');
    expect(stateOf(true, REPLIED)).to.equal('open');
    expect(stateOf(false, 0)).to.equal('accepting');
    expect(stateOf(false, REPLIED)).to.equal('accepting');
    expect(stateOf(true, REPLIED | REMOTE_CLOSED)).to.equal('remoteClosed');
    expect(stateOf(false, REMOTE_CLOSED | LOCAL_CLOSED)).to.equal('remoteClosed');
    expect(stateOf(true, REMOTE_CLOSED, OPENING)).to.equal('initial');
    expect(stateOf(true, CLOSING, OPENING)).to.equal('reset');
  });

  it('is what its marks say, each by itself', () => {
    const stream = makeStream(false);
    const { own, replied, localClosed, remoteClosed, closing, closed } = stream;
    const none = { own, replied, localClosed, remoteClosed, closing, closed };
    expect(Object.values(none)).to.deep.equal([false, false, false, false, false, false]);
    const marks = { replied: REPLIED, localClosed: LOCAL_CLOSED, remoteClosed: REMOTE_CLOSED };
    for (const [name, mark] of Object.entries({ ...marks, closing: CLOSING, closed: CLOSED })) {
      const marked = makeStream(false);
      marked.mark(mark);
      const read = Object.keys(none).map((key) => [key, marked[key as keyof typeof none]]);
      expect(Object.fromEntries(read)).to.deep.equal({ ...none, [name]: true });
    }
  });

  it('waits to be opened with the urgency of its opening, and has its own priority from then on', () => {
    const stream = makeStream(true);
    stream.opening = { ...OPENING };
    expect(stream.urgency).to.equal(1);
    stream.opening = null;
    expect(stream.urgency).to.equal(2);
  });

  it('sends its items in their order', () => {
    const items = [frameItem(), { ...dataItem(), fin: false }, frameItem()];
    const stream = makeStream(false, items);
    for (const [sent, item] of items.entries()) {
      expect(stream.itemCount).to.equal(3 - sent);
      expect(stream.nextItem()).to.equal(item);
      expect(stream.countFrom(item)).to.equal(3 - sent);
      expect(stream.remove(item)).to.equal(true);
    }
    expect([stream.itemCount, stream.firstItem, stream.lastItem]).to.deep.equal([0, null, null]);
    const more = dataItem();
    stream.append(more);
    expect([stream.itemCount, stream.nextItem()]).to.deep.equal([1, more]);
  });

  it('takes out an item wherever it stands, once', () => {
    for (const taken of [0, 1, 2]) {
      const items = [frameItem(), dataItem(), frameItem()];
      const stream = makeStream(false, items);
      const item = items[taken] as OutItem;
      expect([stream.remove(item), stream.remove(item)]).to.deep.equal([true, false]);
      const last = dataItem();
      stream.append(last);
      const left: OutItem[] = [];
      for (let next = stream.removeAll(); next !== null; next = next.next) left.push(next);
      expect(left).to.have.ordered.members([...items.filter((other) => other !== item), last]);
      expect([stream.itemCount, stream.nextItem()]).to.deep.equal([0, null]);
    }
  });

  it('lets the first frame pass data that is deferred, but no other data', () => {
    const [deferred, data, frame, last] = [dataItem(true), dataItem(), frameItem(), frameItem()];
    const stream = makeStream(false, [deferred, data, frame, last]);
    expect(stream.nextItem()).to.equal(frame);
    expect(stream.countFrom(frame)).to.equal(2);
    stream.remove(frame);
    expect(stream.nextItem()).to.equal(last);
    expect(stream.countFrom(last)).to.equal(1);
    stream.remove(last);
    expect(stream.nextItem()).to.equal(null);
    expect(stream.itemCount).to.equal(2);
    deferred.deferred = false;
    expect(stream.nextItem()).to.equal(deferred);
  });
});
