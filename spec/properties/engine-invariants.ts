import { expect } from 'chai';
import type { GoldenFrame } from '../support/golden-form.ts';
import type { Actor } from './engine-actor.ts';
import type { ModelStream } from './engine-stream-model.ts';

/** What has arrived and was not given back is what the engine says, plus what the application has granted beyond that. */
export function checkCredit(receiver: Actor): void {
  const { engine, wire, knowledge, granted } = receiver;
  const missing = (id: number): number =>
    (knowledge.payload.get(id) ?? 0) - (wire.credit.get(id) ?? 0) + (granted.get(id) ?? 0);
  if (engine.version.sessionWindow) {
    expect(missing(0), `${receiver.name}: session credit`).to.be.at.least(0);
    expect(engine.getRecvDataLength(), `${receiver.name}: session credit`).to.equal(missing(0));
    const slack = (65_536 + (granted.get(0) ?? 0)) / 2 + engine.unconsumedBytes;
    if (receiver.spec.options.windowUpdates !== 'manual') {
      expect(missing(0), `${receiver.name}: session credit held back`).to.be.below(slack);
    }
  }
  for (const stream of receiver.streams) {
    if (stream.closed > 0 || stream.id === 0 || knowledge.finAt.has(stream.id)) continue;
    const received = engine.getStreamRecvDataLength(stream.id);
    const label = `${receiver.name}: credit of ${stream.id}`;
    expect(received, label).to.equal(missing(stream.id)).and.to.be.at.least(0);
    if (receiver.spec.options.windowUpdates === 'manual') continue;
    const half = Math.max(1, receiver.announcedWindow >> 1);
    expect(received - stream.unconsumed, `${label} held back`).to.be.below(half);
  }
}

/** Bytes that were submitted arrive in order and once; all of them unless the stream has ended with an error. */
export function checkBodies(sender: Actor, receiver: Actor, stream: ModelStream): void {
  const sent = sender.byId.get(stream.id);
  const received = Buffer.concat(stream.received);
  if (sent === undefined || stream.id === 0) {
    expect(received.length, 'bytes from nowhere').to.equal(0);
    return;
  }
  const label = `${receiver.name}: bytes of stream ${stream.id}`;
  const delivered = Buffer.concat(sent.bodies.map((body) => body.bytes()));
  expect(received.equals(delivered.subarray(0, received.length)), label).to.equal(true);
  if (stream.error !== null || sent.error !== null) return;
  const all = sent.bodies.reduce((sum, { spec }) => sum + spec.length, 0);
  expect(received.length, label).to.equal(all);
}

/** What is reported is what was written, in that order; only frames of streams that have ended may be missing. */
export function checkReports(sender: Actor, receiver: Actor): void {
  const written = sender.wire.frames.map(({ frame }) => frame);
  let at = 0;
  for (const report of receiver.reports) {
    const key = keyOf(report);
    while (at < written.length && keyOf(written[at] as GoldenFrame) !== key) {
      checkMissing(receiver, written[at++] as GoldenFrame);
    }
    expect(at, `${receiver.name}: ${key} was written`).to.be.below(written.length);
    at++;
  }
  while (at < written.length) checkMissing(receiver, written[at++] as GoldenFrame);
}

function checkMissing(receiver: Actor, frame: GoldenFrame): void {
  const { streamId = 0, type } = frame;
  const stream = receiver.byId.get(streamId);
  // Never accepted: refused, or ignored after GOAWAY. Else it was reset, or needs no credit any more.
  const refused = stream === undefined && streamId % 2 !== receiver.parity;
  const reset = stream !== undefined && stream.error !== null;
  const late = type === 'WINDOW_UPDATE' && stream !== undefined;
  const label = `${receiver.name} was not told of ${keyOf(frame)}`;
  expect(streamId !== 0 && (refused || reset || late), label).to.equal(true);
}

/** Ids of the streams that one side has open. */
export function openStreams(actor: Actor): number[] {
  const open = actor.streams.filter(({ opened, closed }) => opened && closed === 0);
  return open.map(({ id }) => id).sort((a, b) => a - b);
}

function keyOf(frame: GoldenFrame): string {
  const { type, streamId = 0, flags = 0, status = 0, id = 0, headers = [], entries = [] } = frame;
  const { lastGoodStreamId = 0, deltaWindowSize = 0, priority = 0, length = 0 } = frame;
  return JSON.stringify([
    type,
    streamId,
    flags,
    [status, id, lastGoodStreamId, deltaWindowSize, priority],
    type === 'DATA' ? length : 0,
    headers,
    entries,
  ]);
}
