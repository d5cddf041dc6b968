import { expect } from 'chai';
import { StreamRecord } from '../../../lib/engine/streams/stream-record.ts';
import { STATE_CLOSED, STATE_IDLE, STATE_RESET } from '../../../lib/engine/streams/stream-state.ts';
import { RESET_MEMORY, StreamTable } from '../../../lib/engine/streams/stream-table.ts';
import { CLIENT, SERVER } from '../../../lib/protocol/constants.ts';

function makeStream(streamId: number, own: boolean): StreamRecord {
  return new StreamRecord(streamId, own, 0, 0, 0);
}

describe('engine/streams/stream-table', () => {
  it('gives odd ids to clients and even ones to servers, from the first on (checklist 41)', () => {
    const client = new StreamTable(CLIENT);
    const server = new StreamTable(SERVER);
    expect([client.nextOwnId, server.nextOwnId]).to.deep.equal([1, 2]);
    const ids = [0, 1, 2, 3, 0x7ffffffe, 0x7fffffff];
    const own = [false, true, false, true, false, true];
    expect(ids.map((id) => client.isOwnId(id))).to.deep.equal(own);
    expect(ids.map((id) => server.isOwnId(id))).to.deep.equal(own.map((is) => !is));
  });

  it('counts the streams of each side', () => {
    const table = new StreamTable(CLIENT);
    const streams = [makeStream(1, true), makeStream(3, true), makeStream(2, false)];
    for (const stream of streams) table.add(stream);
    expect([table.size, table.own, table.peers]).to.deep.equal([3, 2, 1]);
    const [one, three, two] = streams;
    expect(table.values()).to.deep.equal([one, two, three]);
    expect(table.get(3)).to.equal(streams[1]);
    expect(table.get(5)).to.equal(undefined);
    for (const stream of streams) {
      table.remove(stream, false);
      table.remove(stream, true);
    }
    expect([table.size, table.own, table.peers]).to.deep.equal([0, 0, 0]);
    expect(table.get(3)).to.equal(undefined);
    // The second call found nothing, and so remembers nothing.
    table.nextOwnId = 9;
    expect(table.stateOfMissing(1)).to.equal(STATE_CLOSED);
  });

  it('tells ids that were used from those that were not, for both sides', () => {
    const table = new StreamTable(SERVER);
    table.nextOwnId = 6;
    table.lastReceivedId = 5;
    const states = [0, 1, 2, 3, 4, 5, 6, 7, 8].map((id) => table.stateOfMissing(id));
    const expected = [
      STATE_CLOSED,
      STATE_CLOSED,
      STATE_CLOSED,
      STATE_CLOSED,
      STATE_CLOSED,
      STATE_CLOSED,
      STATE_IDLE,
      STATE_IDLE,
      STATE_IDLE,
    ];
    expect(states).to.deep.equal(expected);
  });

  it('remembers reset streams, but only the last 1024 of them', () => {
    const table = new StreamTable(SERVER);
    table.lastReceivedId = 10_000;
    const stream = makeStream(1, false);
    table.add(stream);
    table.remove(stream, true);
    table.rememberReset(3);
    // What is known already does not push others out.
    table.rememberReset(3);
    for (let id = 5; id < 1 + 2 * RESET_MEMORY; id += 2) table.rememberReset(id);
    expect(RESET_MEMORY).to.equal(1024);
    expect(table.stateOfMissing(1)).to.equal(STATE_RESET);
    table.rememberReset(9001);
    const states = [1, 3, 2047, 9001].map((id) => table.stateOfMissing(id));
    expect(states).to.deep.equal([STATE_CLOSED, STATE_RESET, STATE_RESET, STATE_RESET]);
  });

  it('keeps what ended streams have not consumed, until it is taken', () => {
    const table = new StreamTable(CLIENT);
    table.leaveUnconsumed(1, 100);
    table.leaveUnconsumed(3, 7);
    const taken = [
      table.takeUnconsumed(1, 30),
      table.takeUnconsumed(1, 1000),
      table.takeUnconsumed(1, 1),
      table.takeUnconsumed(3, 7),
      table.takeUnconsumed(3, 1),
      table.takeUnconsumed(5, 1),
    ];
    expect(taken).to.deep.equal([30, 70, 0, 7, 0, 0]);
  });
});
