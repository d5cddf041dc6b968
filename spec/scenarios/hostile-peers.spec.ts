import { once } from 'node:events';
import v8 from 'node:v8';
import vm from 'node:vm';
import { expect } from 'chai';
import type { SessionError, StreamError } from '../../lib/errors.ts';
import { CLIENT, SERVER } from '../../lib/protocol/constants.ts';
import type { HeaderList } from '../../lib/protocol/frames.ts';
import { SPDY2, SPDY3, SPDY3_1 } from '../../lib/protocol/version.ts';
import type { Session } from '../../lib/session/session.ts';
import type { SessionOptions } from '../../lib/session/session-options.ts';
import { rawControlFrame, uint32 } from '../support/frame-factory.ts';
import { closed, type RawPeer, rawAgainst, settle, until } from '../support/session-pair.ts';

const NAMES: HeaderList = [['name', 'value']];

v8.setFlagsFromString('--expose-gc');
const collect = vm.runInNewContext('gc') as () => void;

/** Bytes in use after a collection. */
function memory(): number {
  collect();
  const { heapUsed, external, arrayBuffers } = process.memoryUsage();
  return heapUsed + external + arrayBuffers;
}

/** A server session with a hostile client in front of it. */
async function attacked(options: SessionOptions = {}, version = SPDY3_1) {
  const { session, peer, socket } = await rawAgainst(SERVER, version, options);
  const errors: SessionError[] = [];
  const faults: StreamError[] = [];
  session.on('error', (error) => errors.push(error as SessionError));
  session.on('streamError', (error) => faults.push(error));
  return { session, peer, socket, errors, faults };
}

/** The peer's last word from us has to be GOAWAY 1, and the session's error must have this code. */
async function endsWith(
  { session, peer, errors }: { session: Session; peer: RawPeer; errors: SessionError[] },
  code: string,
): Promise<void> {
  await Promise.all([closed(session), peer.frame('GOAWAY')]);
  expect(errors.map((error) => [error.code, error.by, error.status])).to.deep.equal([
    [code, 'peer', 1],
  ]);
  expect(peer.names.at(-1)).to.equal('GOAWAY');
}

/** A stream that was opened before the attack still gets its answer. */
async function stillServes(session: Session, peer: RawPeer, id: number): Promise<void> {
  session.once('requestRecv', (streamId) => session.submitResponse(streamId, NAMES, 'healthy'));
  peer.send(peer.make.synStream(id, NAMES, { flags: 1 }));
  await until(() =>
    peer.frames.some(({ frame, data }) => frame.streamId === id && String(data) === 'healthy'),
  );
}

describe('scenarios: hostile peers', function () {
  this.timeout(30_000);

  it('counts and lengths of 0xffffffff take no memory (checklist 118, 219)', async () => {
    const before = memory();
    for (let i = 0; i < 20; i++) {
      const target = await attacked();
      target.peer.send(
        rawControlFrame({
          version: 3,
          type: 4,
          payload: Buffer.concat([uint32(0xffffffff), Buffer.alloc(8)]),
        }),
      );
      await endsWith(target, 'ERR_SPDY_INVALID_FRAME');
    }
    const { session, peer, faults } = await attacked();
    peer.send(
      peer.make.synStream(1, Buffer.from('ffffffff', 'hex')),
      peer.make.synStream(3, Buffer.from('00000001ffffffff61', 'hex')),
      peer.make.synStream(5, Buffer.from('000000010000000161ffffffff', 'hex')),
    );
    await stillServes(session, peer, 7);
    expect(faults.map(({ code, status }) => [code, status])).to.deep.equal(
      Array(3).fill(['ERR_SPDY_INVALID_HEADER_BLOCK', 1]),
    );
    session.destroy();
    await closed(session);
    expect(memory() - before).to.be.below(8 << 20);
  });

  it('a control frame above the limit is a stream error, and the session goes on', async () => {
    const { session, peer, faults } = await attacked({ maxControlFrameSize: 8192 });
    const block = Buffer.alloc(9000, 'x');
    peer.send(peer.make.synStream(1, [['noise', block.toString('base64')]]));
    await stillServes(session, peer, 3);
    // Compressed it may fit the frame: then it is fine. Bytes that do not compress are refused.
    peer.send(peer.make.synStream(5, [['noise', randomText(20_000)]]));
    await until(() => faults.length === 1);
    expect(faults[0]).to.include({ code: 'ERR_SPDY_FRAME_TOO_LARGE', status: 11, streamId: 5 });
    await stillServes(session, peer, 7);
    session.destroy();
  });

  it('headers above the count or the size are refused for their stream alone', async () => {
    const { session, peer, faults } = await attacked({
      maxHeaderCount: 50,
      maxHeaderListSize: 4096,
    });
    const many = Array.from({ length: 51 }, (_, i): [string, string] => [`n${i}`, 'v']);
    peer.send(peer.make.synStream(1, many), peer.make.synStream(3, [['big', 'v'.repeat(5000)]]));
    await until(() => faults.length === 2);
    expect(faults.map(({ code, status }) => [code, status])).to.deep.equal(
      Array(2).fill(['ERR_SPDY_FRAME_TOO_LARGE', 11]),
    );
    await stillServes(session, peer, 5);
    session.destroy();
  });

  it('a block that does not stop inflating ends the session (checklist 108, 239)', async () => {
    const target = await attacked();
    const bomb = target.peer.make.synStream(1, [['bomb', 'x'.repeat(32 << 20)]]);
    const before = memory();
    target.peer.send(bomb);
    await endsWith(target, 'ERR_SPDY_FRAME_TOO_LARGE');
    expect(memory() - before).to.be.below(8 << 20);
  });

  it('SETTINGS with more entries than the limit, or too many of them, end the session', async () => {
    const entries = Array.from({ length: 65 }, (_, i) => ({ id: i + 100, flags: 0, value: 1 }));
    const one = await attacked();
    one.peer.send(one.peer.make.settings(entries));
    await endsWith(one, 'ERR_SPDY_TOO_MANY_SETTINGS');
    const many = await attacked({ settingsRate: { burst: 10, perSecond: 0 } });
    for (let i = 0; i < 11; i++)
      many.peer.send(many.peer.make.settings([{ id: 1, flags: 0, value: i }]));
    await endsWith(many, 'ERR_SPDY_TOO_MANY_SETTINGS');
  });

  it('4,000 streams against a limit of 10 open ten (checklist 63)', async () => {
    const { session, peer, faults } = await attacked({
      maxConcurrentStreams: 10,
      streamResetRate: { burst: 100_000, perSecond: 0 },
      maxQueuedReplies: 100_000,
    });
    let opened = 0;
    session.on('synStream', () => opened++);
    for (let i = 0; i < 4000; i++) peer.send(peer.make.synStream(2 * i + 1, NAMES));
    await until(() => faults.length === 3990);
    expect(opened).to.equal(10);
    expect(session.state.openStreams).to.equal(10);
    expect(faults[0]).to.include({ code: 'ERR_SPDY_TOO_MANY_STREAMS', status: 3 });
    session.destroy();
  });

  it('opening and resetting streams in turn ends the session at the budget (rapid reset)', async () => {
    const target = await attacked();
    let opened = 0;
    target.session.on('synStream', () => opened++);
    const { make } = target.peer;
    for (let i = 0; i < 5000; i++) {
      target.peer.send(make.synStream(2 * i + 1, NAMES), make.rstStream(2 * i + 1, 5));
    }
    await endsWith(target, 'ERR_SPDY_TOO_MANY_RESETS');
    expect(opened).to.be.below(1500);
  });

  it('PING faster than the budget ends the session (checklist 155)', async () => {
    const target = await attacked({ pingRate: { burst: 100, perSecond: 0 } });
    for (let i = 0; i < 101; i++) target.peer.send(target.peer.make.ping(2 * i + 1));
    await endsWith(target, 'ERR_SPDY_TOO_MANY_PINGS');
  });

  it('a peer that sends 100,000 PINGs and never reads is cut off, with little memory (checklist 155)', async () => {
    const target = await attacked({ pingRate: { burst: 1e9, perSecond: 0 }, lingerTimeoutMs: 50 });
    target.peer.socket.pause();
    const before = memory();
    const ping = Buffer.concat(
      Array.from({ length: 100 }, (_, i) => target.peer.make.ping(2 * i + 1)),
    );
    for (let i = 0; i < 1000 && !target.session.destroyed; i++) {
      if (!target.peer.socket.write(ping)) {
        await Promise.race([once(target.peer.socket, 'drain'), once(target.peer.socket, 'close')]);
      }
    }
    target.peer.socket.end();
    await closed(target.session);
    // The kernel's buffers may take all echoes: then nothing was queued here.
    for (const error of target.errors) expect(error.code).to.equal('ERR_SPDY_TOO_MANY_REPLIES');
    expect(memory() - before).to.be.below(8 << 20);
    target.peer.socket.destroy();
  });

  it('echoes that cannot leave are counted, whatever the rate (checklist 155)', async () => {
    const target = await attacked({ maxQueuedReplies: 20, pingRate: { burst: 1e9, perSecond: 0 } });
    const pings = Array.from({ length: 21 }, (_, i) => target.peer.make.ping(2 * i + 1));
    target.peer.send(...pings);
    await endsWith(target, 'ERR_SPDY_TOO_MANY_REPLIES');
  });

  it('empty DATA frames faster than the budget end the session', async () => {
    const target = await attacked({ emptyDataRate: { burst: 100, perSecond: 0 } });
    const { make } = target.peer;
    target.peer.send(
      make.synStream(1, NAMES),
      ...Array.from({ length: 101 }, () => make.data(1, '')),
    );
    await endsWith(target, 'ERR_SPDY_TOO_MANY_EMPTY_FRAMES');
  });

  it('WINDOW_UPDATE faster than the budget ends the session, unless DATA earned it', async () => {
    const options = { windowUpdateRate: { burst: 50, perSecond: 0 } };
    const target = await attacked(options);
    const { make } = target.peer;
    target.peer.send(make.synStream(1, NAMES));
    for (let i = 0; i < 51; i++) target.peer.send(make.windowUpdate(1, 1));
    await endsWith(target, 'ERR_SPDY_TOO_MANY_WINDOW_UPDATES');

    const fair = await attacked(options);
    fair.session.on('requestRecv', (id) =>
      fair.session.submitResponse(id, NAMES, Buffer.alloc(60_000)),
    );
    fair.peer.send(fair.peer.make.synStream(1, NAMES, { flags: 1 }));
    for (let i = 0; i < 60; i++) {
      const id = 2 * i + 3;
      const sent = fair.peer.frames.length;
      fair.peer.send(
        fair.peer.make.windowUpdate(0, 60_000),
        fair.peer.make.synStream(id, NAMES, { flags: 1 }),
      );
      await until(() => fair.peer.frames.length > sent + 4);
    }
    expect(fair.errors).to.deep.equal([]);
    fair.session.destroy();
  });

  it('SPDY/2, without windows: what nobody consumes holds the socket back, and memory is bounded', async () => {
    const options = { windowUpdates: 'consume', inboundHighWaterMark: 100_000 } as const;
    const { session, peer } = await attacked(options, SPDY2);
    peer.send(peer.make.synStream(1, NAMES));
    const chunk = peer.make.data(1, Buffer.alloc(50_000));
    let written = 0;
    while (peer.socket.write(chunk) || written < 40) {
      written++;
      if (written > 2000) break;
      await settle(1);
      if (session.state.inputHeld && written >= 40) break;
    }
    await until(() => session.state.inputHeld);
    expect(session.state.unconsumedBytes).to.be.within(100_000, 400_000);
    session.consume(1, session.state.unconsumedBytes);
    await until(() => !session.state.inputHeld || session.state.unconsumedBytes > 100_000);
    session.destroy();
  });

  it('more than the limit of unconsumed bytes is an error of the stream that brings them', async () => {
    const { session, peer, faults } = await attacked({
      windowUpdates: 'consume',
      maxUnconsumedBytes: 20_000,
      inboundHighWaterMark: 1 << 30,
    });
    peer.send(
      peer.make.synStream(1, NAMES),
      peer.make.data(1, Buffer.alloc(15_000)),
      peer.make.data(1, Buffer.alloc(15_000)),
    );
    await until(() => faults.length === 1);
    expect(faults[0]).to.include({ code: 'ERR_SPDY_TOO_MUCH_BUFFERED', status: 7, streamId: 1 });
    await stillServes(session, peer, 3);
    session.destroy();
  });

  it('our own PINGs are limited too, and a failure of ours is status 2 (checklist 113)', async () => {
    const { session, peer } = await rawAgainst(CLIENT, SPDY3, { maxOutstandingPings: 3 });
    for (let i = 0; i < 3; i++) session.submitPing();
    expect(() => session.submitPing())
      .to.throw('3 PINGs')
      .with.property('code', 'ERR_SPDY_TOO_MANY_PINGS');
    session.on('error', () => {});
    await peer.frame('PING', 3);
    session.destroy(new Error('mine'));
    const { frame } = await peer.frame('GOAWAY');
    expect(frame.status).to.equal(2);
    await closed(session);
  });
});

/** Text that does not compress. */
function randomText(length: number): string {
  let text = '';
  let seed = 42;
  while (text.length < length) {
    seed = (seed * 1103515245 + 12345) & 0x7fffffff;
    text += String.fromCharCode(33 + (seed % 90));
  }
  return text;
}
