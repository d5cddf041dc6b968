import { expect } from 'chai';
import { SPDY2, SPDY3_1 } from '../../../lib/protocol/version.ts';
import type { SpdyStream } from '../../../lib/session/streams/stream.ts';
import {
  memoryConnection,
  pairOver,
  RESPONSE,
  requestHeaders,
  settle,
  until,
} from '../../support/session-pair.ts';

/** What both directions of a stream wait for; null when it has ended. */
function waits(stream: SpdyStream): unknown {
  const { state } = stream;
  return state === null ? null : [state.sending, state.receiving];
}

describe('session/streams/seen-state', () => {
  it('a stream waits for its application, for the windows, and for the limit of the peer', async () => {
    const pair = pairOver(memoryConnection(), SPDY3_1, { server: { maxConcurrentStreams: 1 } });
    const accepted: SpdyStream[] = [];
    pair.server.on('stream', (stream) => accepted.push(stream));
    await until(() => pair.client.state.maxStreams === 1);
    const stream = pair.client.request(requestHeaders('POST'));
    const next = pair.client.request(requestHeaders());
    await until(() => accepted.length === 1);
    expect(waits(stream)).to.deep.equal(['application', 'peer']);
    expect(waits(next)).to.deep.equal(['limit', 'opening']);
    expect(pair.client.state).to.include({ waitingStreams: 1, openStreams: 1 });
    expect(pair.client.streamStates().map(({ id }) => id)).to.deep.equal([1, 0]);

    const [served] = accepted as [SpdyStream];
    expect(waits(served)).to.deep.equal(['application', 'peer']);
    stream.write(Buffer.alloc(100_000));
    // Nobody reads: the reader's own buffer is filled, and the window is used up.
    served.pause();
    await settle();
    expect(waits(stream)).to.deep.equal(['streamWindow', 'peer']);
    expect(stream.state).to.include({ sendWindow: 0 });
    expect(served.state).to.include({
      receiveWindow: 0,
      unconsumedBytes: 65_536 - served.readableLength,
    });
    expect(waits(served)).to.deep.equal(['application', 'streamWindow']);
    served.resume();
    await until(() => stream.writableLength === 0);
    expect(waits(stream)).to.deep.equal(['application', 'peer']);

    stream.end();
    served.respond(RESPONSE, { endStream: true });
    stream.resume();
    await until(() => stream.closed);
    expect([waits(stream), waits(served)]).to.deep.equal([null, null]);
    await pair.end();
  });

  it('with the window used up and nothing written it is the application that is waited for', async () => {
    const pair = pairOver(memoryConnection(), SPDY3_1);
    pair.server.on('stream', () => {});
    const stream = pair.client.request(requestHeaders('POST'));
    stream.write(Buffer.alloc(65_536));
    await until(() => stream.writableLength === 0);
    await settle();
    expect(stream.state).to.include({ sendWindow: 0, sending: 'application' });
    stream.sendTrailers([['name', 'value']]);
    expect(stream.state).to.include({ sending: 'streamWindow' });
    await pair.end();
  });

  it('a transport that takes no more, and one that is not read', async () => {
    const connection = memoryConnection(1000);
    const pair = pairOver(connection, SPDY2, {
      server: { inboundHighWaterMark: 1, windowUpdates: 'consume' },
    });
    const other = pair.client.request(requestHeaders('POST'));
    const stream = pair.client.request(requestHeaders('POST'));
    stream.write(Buffer.alloc(1_000_000));
    await until(() => pair.server.state.inputHeld && pair.client.state.outputHeld);
    await settle();
    expect(waits(stream)).to.deep.equal(['transport', 'peer']);
    expect(waits(other)).to.deep.equal(['application', 'peer']);
    expect(pair.server.streamStates().map(({ receiving }) => receiving)).to.deep.equal([
      'held',
      'held',
    ]);
    await pair.end();
  });
});
