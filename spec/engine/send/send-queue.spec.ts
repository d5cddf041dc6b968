import { expect } from 'chai';
import { SendQueue } from '../../../lib/engine/send/send-queue.ts';
import {
  LANE_DATA,
  LANE_HEAD,
  LANE_NONE,
  LANE_OPEN,
  StreamRecord,
} from '../../../lib/engine/streams/stream-record.ts';
import {
  GOAWAY,
  PING,
  RST_STREAM,
  SETTINGS,
  WINDOW_UPDATE,
} from '../../../lib/protocol/constants.ts';
import type { RstStreamFrame } from '../../../lib/protocol/frames.ts';
import { createRandom } from '../../support/shred.ts';

const HEAD = { version: 3, flags: 0, length: 8 } as const;

function makeStream(streamId: number, priority = 0): StreamRecord {
  return new StreamRecord(streamId, true, priority, 0, 0);
}

function resetFrame(streamId: number): RstStreamFrame {
  return { ...HEAD, type: RST_STREAM, streamId, status: 5 };
}

/** The order in which the streams of a queue get their turn, each one once. */
function turns(queue: SendQueue, openAllowed = true, dataAllowed = true): number[] {
  const ids: number[] = [];
  for (;;) {
    const stream = queue.nextStream(openAllowed, dataAllowed);
    if (stream === null) return ids;
    ids.push(stream.streamId);
    queue.remove(stream);
  }
}

describe('engine/send/send-queue', () => {
  it('takes the most urgent priority first: 0 before 7 (checklist 278, 279)', () => {
    const queue = new SendQueue();
    for (const priority of [7, 3, 0, 5, 1, 6, 2, 4]) {
      queue.place(makeStream(priority, priority), LANE_DATA, 1);
    }
    expect(turns(queue)).to.deep.equal([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(queue.nextStream(true, true)).to.equal(null);
  });

  it('takes streams of one priority in the order in which they came', () => {
    const queue = new SendQueue();
    for (const id of [5, 1, 3]) queue.place(makeStream(id), LANE_DATA, 1);
    expect(turns(queue)).to.deep.equal([5, 1, 3]);
  });

  it('takes SYN_STREAM, then frames without payload, then DATA at one priority', () => {
    const queue = new SendQueue();
    const data = makeStream(1, 2);
    const head = makeStream(2, 2);
    const open = makeStream(3, 2);
    const urgent = makeStream(4, 1);
    queue.place(data, LANE_DATA, 1);
    queue.place(head, LANE_HEAD, 1);
    queue.place(open, LANE_OPEN, 1);
    queue.place(urgent, LANE_DATA, 1);
    expect(turns(queue)).to.deep.equal([4, 3, 2, 1]);
  });

  it('passes SYN_STREAMs and DATA over while they may not go', () => {
    const queue = new SendQueue();
    const fill = (): void => {
      queue.place(makeStream(1, 0), LANE_OPEN, 1);
      queue.place(makeStream(2, 1), LANE_DATA, 1);
      queue.place(makeStream(3, 2), LANE_HEAD, 1);
    };
    fill();
    expect(queue.hasStream(false, false)).to.equal(true);
    expect(turns(queue, false, false)).to.deep.equal([3]);
    expect(queue.hasStream(false, false)).to.equal(false);
    expect(queue.hasStream(true, false)).to.equal(true);
    expect(queue.hasStream(false, true)).to.equal(true);
    expect([queue.hasData(true), queue.hasData(false)]).to.deep.equal([true, false]);
    expect(turns(queue, true, false)).to.deep.equal([1]);
    expect(queue.hasStream(true, false)).to.equal(false);
    expect(turns(queue, false, true)).to.deep.equal([2]);
    expect([queue.hasStream(true, true), queue.hasData(true)]).to.deep.equal([false, false]);
  });

  it('knows the most urgent request that waits, whatever else does', () => {
    const queue = new SendQueue();
    expect(queue.nextToOpen()).to.equal(null);
    queue.place(makeStream(1, 0), LANE_HEAD, 1);
    expect(queue.nextToOpen()).to.equal(null);
    queue.place(makeStream(2, 5), LANE_OPEN, 1);
    queue.place(makeStream(3, 4), LANE_OPEN, 1);
    expect(queue.waitingToOpen).to.equal(2);
    expect(queue.nextToOpen()?.streamId).to.equal(3);
  });

  it('lets streams of one priority share: who has had a turn goes behind the others (checklist 279)', () => {
    const queue = new SendQueue();
    const streams = [1, 3, 5].map((id) => makeStream(id));
    for (const stream of streams) queue.place(stream, LANE_DATA, 2);
    const order: number[] = [];
    for (let turn = 0; turn < 7; turn++) {
      const stream = queue.nextStream(true, true) as StreamRecord;
      order.push(stream.streamId);
      queue.rotate(stream);
    }
    expect(order).to.deep.equal([1, 3, 5, 1, 3, 5, 1]);
    expect(queue.size(true)).to.equal(6);
  });

  it('leaves a stream where it is when there is nobody to go behind, or when it does not wait', () => {
    const queue = new SendQueue();
    const stream = makeStream(1);
    queue.rotate(stream);
    expect(queue.nextStream(true, true)).to.equal(null);
    queue.place(stream, LANE_HEAD, 3);
    queue.rotate(stream);
    expect([queue.nextStream(true, true), queue.size(true)]).to.deep.equal([stream, 3]);
  });

  it('keeps the place of a stream that is placed where it stands, and counts its items anew', () => {
    const queue = new SendQueue();
    const streams = [1, 3].map((id) => makeStream(id));
    for (const stream of streams) queue.place(stream, LANE_HEAD, 1);
    queue.place(streams[0] as StreamRecord, LANE_HEAD, 5);
    expect(queue.size(true)).to.equal(6);
    expect(turns(queue)).to.deep.equal([1, 3]);
    expect(queue.size(true)).to.equal(0);
  });

  it('moves a stream between lanes, and out of them', () => {
    const queue = new SendQueue();
    const stream = makeStream(1);
    for (const lane of [LANE_OPEN, LANE_HEAD, LANE_DATA]) {
      queue.place(stream, lane, 2);
      expect([stream.lane, queue.size(true)]).to.deep.equal([lane, 2]);
    }
    queue.place(stream, LANE_NONE, 2);
    queue.place(stream, LANE_NONE, 2);
    queue.remove(stream);
    expect([stream.lane, stream.counted, queue.size(true)]).to.deep.equal([LANE_NONE, 0, 0]);
    expect(queue.hasStream(true, true)).to.equal(false);
  });

  it('counts frames of every kind, DATA only while it could go', () => {
    const queue = new SendQueue();
    const counts = [queue.size(true)];
    const adding = [
      () => queue.pings.push({ ...HEAD, type: PING, id: 1 }),
      () => queue.settings.push({ ...HEAD, type: SETTINGS, entries: [] }),
      () => queue.replies.push(resetFrame(1)),
      () => queue.urgent.push({ ...HEAD, type: WINDOW_UPDATE, streamId: 0, delta: 1 }),
      () => queue.goaways.push({ ...HEAD, type: GOAWAY, lastGoodStreamId: 0, status: 0 }),
    ];
    expect(queue.hasUrgent).to.equal(false);
    for (const add of adding) {
      const alone = new SendQueue();
      add();
      counts.push(queue.size(true));
      expect([queue.hasUrgent, alone.hasUrgent]).to.deep.equal([true, false]);
    }
    expect(counts).to.deep.equal([0, 1, 2, 3, 4, 5]);
    queue.place(makeStream(1), LANE_OPEN, 1);
    queue.place(makeStream(3), LANE_HEAD, 2);
    queue.place(makeStream(5), LANE_DATA, 3);
    expect([queue.size(true), queue.size(false)]).to.deep.equal([11, 8]);
    queue.clearFrames();
    expect([queue.hasUrgent, queue.size(true)]).to.deep.equal([false, 6]);
  });

  it('has something urgent with a frame of any single kind', () => {
    const kinds: ((queue: SendQueue) => void)[] = [
      ({ pings }) => pings.push({ ...HEAD, type: PING, id: 1 }),
      ({ settings }) => settings.push({ ...HEAD, type: SETTINGS, entries: [] }),
      ({ replies }) => replies.push(resetFrame(1)),
      ({ urgent }) => urgent.push(resetFrame(1)),
      ({ goaways }) => goaways.push({ ...HEAD, type: GOAWAY, lastGoodStreamId: 0, status: 0 }),
    ];
    for (const push of kinds) {
      const queue = new SendQueue();
      push(queue);
      expect(queue.hasUrgent).to.equal(true);
      queue.clearFrames();
      expect(queue.hasUrgent).to.equal(false);
    }
  });

  it('withdraws the RST_STREAM of a stream, if it has one', () => {
    const queue = new SendQueue();
    const stream = makeStream(1);
    const [frame, other] = [resetFrame(1), resetFrame(1)];
    queue.withdrawReset(stream);
    stream.resetting().frame = frame;
    expect(queue.isWithdrawn(frame)).to.equal(false);
    queue.withdrawReset(stream);
    expect([queue.isWithdrawn(frame), queue.isWithdrawn(other)]).to.deep.equal([true, false]);
  });

  it('keeps the streams of many queues apart, when all wait and after all have left', () => {
    for (let round = 0; round < 2; round++) {
      const queues = Array.from({ length: 100 }, () => new SendQueue());
      for (const [i, queue] of queues.entries()) {
        queue.place(makeStream(2 * i + 1, i % 8), LANE_OPEN, 1);
        queue.place(makeStream(2 * i + 2, i % 8), LANE_HEAD, 2);
      }
      for (const [i, queue] of queues.entries()) {
        expect(queue.size(true)).to.equal(3);
        expect(turns(queue)).to.deep.equal([2 * i + 1, 2 * i + 2]);
        expect(queue.size(true)).to.equal(0);
      }
    }
  });

  it('does the same as lists that are searched, whatever is done to it', () => {
    const random = createRandom(0x51ab);
    const queue = new SendQueue();
    const streams = Array.from({ length: 12 }, (_, id) => makeStream(id, random.integer(0, 7)));
    // Streams in the order in which they came into their lane.
    let model: StreamRecord[] = [];
    const lanes = [LANE_NONE, LANE_OPEN, LANE_HEAD, LANE_DATA];
    for (let step = 0; step < 2000; step++) {
      const stream = streams[random.integer(0, 11)] as StreamRecord;
      const lane = lanes[random.integer(0, 3)] as number;
      const items = random.integer(1, 5);
      const before = stream.lane;
      if (random.integer(0, 2) === 0) {
        queue.rotate(stream);
        if (before !== LANE_NONE) model = [...model.filter((other) => other !== stream), stream];
      } else {
        queue.place(stream, lane, items);
        if (lane !== before) model = model.filter((other) => other !== stream);
        if (lane !== before && lane !== LANE_NONE) model.push(stream);
        if (stream.counted !== (lane === LANE_NONE ? 0 : items)) expect.fail('wrong item count');
      }
      const [open, data] = [random.integer(0, 1) === 1, random.integer(0, 1) === 1];
      const expected = model
        .filter((other) => (other.lane !== LANE_OPEN || open) && (other.lane !== LANE_DATA || data))
        .sort((a, b) => a.priority - b.priority || a.lane - b.lane)[0];
      const size = model
        .filter((other) => other.lane !== LANE_DATA || data)
        .reduce((sum, { counted }) => sum + counted, 0);
      const actual = queue.nextStream(open, data);
      if (actual !== (expected ?? null) || queue.size(data) !== size) {
        expect.fail(`step ${step}: ${actual?.streamId} instead of ${expected?.streamId}`);
      }
      if (queue.hasStream(open, data) !== (expected !== undefined)) expect.fail(`step ${step}`);
      const waiting = model.filter((other) => other.lane === LANE_OPEN).length;
      if (queue.waitingToOpen !== waiting) expect.fail(`step ${step}: ${waiting} wait`);
    }
  });
});
