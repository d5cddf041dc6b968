import { PassThrough, Writable } from 'node:stream';
import { expect } from 'chai';
import { SPDY2, SPDY3_1 } from '../../../lib/protocol/version.ts';
import type { TraceEvent } from '../../../lib/session/trace/trace-events.ts';
import {
  memoryConnection,
  pairOver,
  RESPONSE,
  requestHeaders,
  settle,
  tcpConnection,
  until,
} from '../../support/session-pair.ts';

/** Events of a kind, without what differs each time. */
function only<Kind extends TraceEvent['event']>(
  events: readonly TraceEvent[],
  kind: Kind,
): Extract<TraceEvent, { event: Kind }>[] {
  return events.filter(({ event }) => event === kind) as never;
}

describe('session/trace/tracer', () => {
  it('tells frames with their fields and windows, the ends of streams, and that of the session', async () => {
    const pair = pairOver(await tcpConnection(), SPDY3_1, {
      server: { sessionWindowSize: 200_000 },
    });
    const events: TraceEvent[] = [];
    pair.client.trace((event) => events.push(event));
    pair.server.on('requestRecv', (id) => pair.server.submitResponse(id, RESPONSE, 'body'));
    const headers = [...requestHeaders('POST'), ['cookie', 'secret'] as const];
    const stream = pair.client.request(headers, { priority: 2 });
    stream.end('question');
    stream.resume();
    await until(() => stream.closed);
    await pair.client.ping();
    await pair.client.close();
    await settle();

    const [begin] = events;
    expect(begin).to.include({ event: 'begin', side: 'client', version: 'spdy/3.1' });
    expect(only(events, 'begin')[0]?.peer).to.match(/^127\.0\.0\.1 \d+$/);
    const frames = only(events, 'frame');
    const opening = frames.find(({ type }) => type === 'SYN_STREAM');
    expect(opening).to.deep.include({ direction: 'sent', stream: 1, flags: [] });
    expect(opening?.fields).to.deep.equal({ priority: 2, associatedToStreamId: 0, slot: 0 });
    expect(opening?.length).to.be.above(20);
    expect(opening?.headers).to.deep.include([':method', 'POST']);
    expect(opening?.headers).to.deep.include(['cookie', '***']);
    const data = frames.filter(({ type }) => type === 'DATA');
    expect(
      data.map(({ direction, flags, length, window }) => [direction, flags, length, window]),
    ).to.deep.equal([
      ['sent', ['FIN'], 8, 65_528],
      ['received', ['FIN'], 4, 65_532],
    ]);
    const update = frames.find(({ type }) => type === 'WINDOW_UPDATE');
    expect(update).to.deep.include({ direction: 'received', stream: 0, window: null });
    const delta = Number(Object.values(update?.fields ?? {})[0]);
    // The question may have left before.
    expect(update?.sessionWindow).to.be.within(65_528 + delta, 65_536 + delta);
    const pings = frames.filter(({ type }) => type === 'PING');
    expect(pings.map(({ direction, fields }) => [direction, fields])).to.deep.equal([
      ['sent', { id: 1 }],
      ['received', { id: 1 }],
    ]);
    expect(only(events, 'streamEnd')).to.have.length(1);
    expect(only(events, 'streamEnd')[0]).to.deep.include({ stream: 1, status: 0, error: null });
    const last = events.at(-1);
    expect(last).to.include({ event: 'end', error: null });
    expect(only(events, 'end')[0]?.statistics.dataSent).to.equal(8);
    const times = events.map(({ time }) => time);
    expect(times).to.deep.equal([...times].sort((a, b) => a - b));
    expect(new Set(events.map(({ session }) => session)).size).to.equal(1);
    await pair.end();
  });

  it('tells what a stream waits for, and for how long it did', async () => {
    const pair = pairOver(memoryConnection(), SPDY3_1, { server: { maxConcurrentStreams: 1 } });
    const events: TraceEvent[] = [];
    await until(() => pair.client.state.maxStreams === 1);
    pair.client.trace((event) => events.push(event));
    pair.server.on('stream', (stream) => stream.pause());
    const stream = pair.client.request(requestHeaders('POST'));
    const next = pair.client.request(requestHeaders());
    next.on('error', () => {});
    stream.write(Buffer.alloc(100_000));
    await until(() => stream.state?.sending === 'streamWindow');
    await settle();
    const waits = only(events, 'wait').map(({ stream, sending, receiving, sendWindow }) => [
      stream,
      sending,
      receiving,
      sendWindow,
    ]);
    expect(waits.at(-1)).to.deep.equal([1, 'streamWindow', 'peer', 0]);
    expect(only(events, 'wait').at(-1)?.after).to.be.at.least(0);
    expect(only(events, 'queue').at(-1)).to.include({ waitingStreams: 1, maxStreams: 1 });
    await pair.end();
  });

  it('tells why streams and sessions have failed', async () => {
    const pair = pairOver(memoryConnection(), SPDY2);
    const events: TraceEvent[] = [];
    pair.client.on('error', () => {});
    pair.client.trace((event) => events.push(event));
    pair.server.on('stream', (stream) => stream.close());
    const stream = pair.client.request(requestHeaders());
    await until(() => stream.closed);
    const [end] = only(events, 'streamEnd');
    expect(end).to.deep.include({ stream: 1, status: 5 });
    expect(end?.error?.code).to.equal('ERR_SPDY_STREAM_RESET');
    pair.client.destroy(new TypeError('enough'));
    await pair.end();
    await settle();
    expect(only(events, 'end')[0]?.error).to.deep.equal({ code: 'TypeError', message: 'enough' });
  });

  it('tells nothing once it was stopped, and leaves no listener', async () => {
    const pair = pairOver(memoryConnection(), SPDY3_1);
    const before = pair.client
      .eventNames()
      .map((name) => [name, pair.client.listenerCount(name as 'close')]);
    const events: TraceEvent[] = [];
    const stop = pair.client.trace((event) => events.push(event));
    stop();
    const told = events.length;
    await pair.client.ping();
    expect(events).to.have.length(told);
    const after = pair.client
      .eventNames()
      .map((name) => [name, pair.client.listenerCount(name as 'close')]);
    expect(after).to.deep.equal(before);
    await pair.end();
  });

  it('writes lines of JSON to a stream, and counts what that does not take', async () => {
    const pair = pairOver(memoryConnection(), SPDY3_1);
    const sink = new PassThrough();
    let text = '';
    sink.on('data', (chunk: Buffer) => {
      text += chunk;
    });
    pair.client.trace(sink);
    await pair.client.ping();
    const lines = async (): Promise<TraceEvent[]> => {
      await settle();
      const whole = text.split('\n').filter((line) => line !== '');
      text = '';
      return whole.map((line) => JSON.parse(line));
    };
    const events = await lines();
    expect(events[0]).to.include({ event: 'begin' });
    expect(only(events, 'frame').some(({ type }) => type === 'PING')).to.equal(true);

    let full = true;
    Object.defineProperty(sink, 'writableLength', { get: () => (full ? 1e9 : 0) });
    await pair.client.ping();
    full = false;
    await pair.client.ping();
    const [lost, ...rest] = (await lines()) as unknown as { event: string; count: number }[];
    expect(lost?.event).to.equal('lost');
    expect(lost?.count).to.be.at.least(2);
    expect(rest).to.have.length.above(1);
    sink.destroy();
    await pair.client.ping();
    await pair.end();
  });

  it('tells what a stream did not take although no event comes behind it', async () => {
    const pair = pairOver(memoryConnection(), SPDY3_1);
    const taken: string[] = [];
    let take = (): void => {};
    const sink = new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        taken.push(String(chunk));
        take = done;
      },
    });
    let full = true;
    sink.write('x'.repeat(sink.writableHighWaterMark));
    Object.defineProperty(sink, 'writableLength', { get: () => (full ? 1e9 : 0) });
    pair.client.trace(sink);
    await pair.client.ping();
    await pair.end();
    await settle();
    expect(taken).to.have.length(1);
    full = false;
    take();
    await until(() => taken.length > 1);
    const { event, count } = JSON.parse(taken[1] as string);
    expect(event).to.equal('lost');
    expect(count).to.be.above(2);
  });

  it('refuses a sink that is none', () => {
    const { client } = pairOver(memoryConnection(), SPDY2);
    expect(() => client.trace('file' as never)).to.throw(
      "trace() needs a Writable or a function, got 'file' (string)",
    );
    client.destroy();
  });
});
