import { Duplex } from 'node:stream';
import { expect } from 'chai';
import { Engine } from '../../lib/engine/engine.ts';
import type { EngineHandler } from '../../lib/engine/engine-handler.ts';
import type { EngineOptions } from '../../lib/engine/options/options.ts';
import { CANCEL, MAX_FRAME_LENGTH, SERVER, SYN_STREAM } from '../../lib/protocol/constants.ts';
import { PROTOCOL_VERSIONS, type ProtocolVersion, SPDY3_1 } from '../../lib/protocol/version.ts';
import { Session } from '../../lib/session/session.ts';
import { FrameFactory, rawControlFrame, uint32 } from '../support/frame-factory.ts';
import { closed } from '../support/session-pair.ts';
import { createRandom } from '../support/shred.ts';
import { HEADERS, healthySession, memoryInUse, StreamOpener } from './attack-support.ts';

/** What an attack may cost at most, in bytes. All of them send several times that much. */
const CHEAP = 12 << 20;
const ANY_RATE = { burst: 1e9, perSecond: 0 };

/** Counts what an application is told. */
class Counter implements EngineHandler {
  readonly counts: Map<string, number> = new Map();
  code = '';

  get(name: string): number {
    return this.counts.get(name) ?? 0;
  }

  #count(name: string): void {
    this.counts.set(name, this.get(name) + 1);
  }

  onCtrlRecv(frame: { readonly type: number }): void {
    this.#count(`type ${frame.type}`);
  }

  onDataChunkRecv(): void {
    this.#count('data');
  }

  onStreamError(): void {
    this.#count('streamError');
  }

  onStreamClose(): void {
    this.#count('streamClose');
  }

  onSessionError(error: { readonly code: string }): void {
    this.code = error.code;
  }
}

/** A server engine with a frozen clock. */
function makeEngine(
  version: ProtocolVersion,
  options: EngineOptions = {},
): { engine: Engine; counter: Counter } {
  const counter = new Counter();
  return { engine: new Engine(SERVER, version.id, { now: () => 0, ...options }, counter), counter };
}

/** How much memory is in use after `attack` that was not before. */
function costOf(attack: () => unknown): number {
  const before = memoryInUse();
  const kept = attack();
  const after = memoryInUse();
  expect(kept).to.not.equal(undefined);
  return after - before;
}

/** Gives engines every count and length that can be too large, and checks their answers; the engines. */
function receiveHugeCounts(version: ProtocolVersion): Engine[] {
  const { wire, headerLengthSize } = version;
  const huge = Buffer.alloc(headerLengthSize, 0xff);
  const one = Buffer.alloc(headerLengthSize);
  one[headerLengthSize - 1] = 1;
  const name = Buffer.from('n');
  const { engine, counter } = makeEngine(version);
  const make = new FrameFactory(version);
  const blocks = [
    huge,
    Buffer.concat([huge, one, name, one, name]),
    Buffer.concat([one, huge, name]),
    Buffer.concat([one, one, name, huge, name]),
  ];
  blocks.forEach((block, index) => {
    engine.receive(make.synStream(2 * index + 1, block));
  });
  engine.receive(make.synStream(9, HEADERS));
  expect([counter.get('streamError'), counter.get('type 1')]).to.deep.equal([4, 1]);
  const engines = [engine];
  for (const length of [4, 12, 0xfffffc]) {
    const settings = makeEngine(version);
    const payload = Buffer.concat([uint32(0xffffffff), Buffer.alloc(8)]);
    settings.engine.receive(rawControlFrame({ version: wire, type: 4, payload, length }));
    expect(settings.counter.code).to.match(/INVALID_FRAME|TOO_MANY_SETTINGS/);
    engines.push(settings.engine);
  }
  return engines;
}

describe('scenarios: floods', () => {
  it('100,000 streams that are opened and reset at once reach the application up to the budget (rapid reset)', () => {
    const { engine, counter } = makeEngine(SPDY3_1);
    const cost = costOf(() => {
      const opener = new StreamOpener(SPDY3_1);
      const reset = new FrameFactory(SPDY3_1).rstStream(1, CANCEL);
      for (let i = 0; i < 100_000; i++) {
        engine.receive(opener.next());
        reset.writeUInt32BE(opener.id, 8);
        engine.receive(reset);
        if (i % 100 === 0) engine.pull();
      }
      return engine;
    });
    expect(counter.code).to.equal('ERR_SPDY_TOO_MANY_RESETS');
    expect(counter.get(`type ${SYN_STREAM}`)).to.equal(1001);
    expect(counter.get('streamClose')).to.equal(1001);
    expect(cost).to.be.below(CHEAP);
    expect([engine.wantRead(), engine.wantWrite()]).to.deep.equal([false, false]);
  });

  it('20,000 streams against a limit of 10: ten are accepted, the others cost nothing (checklist 61, 63, 64)', () => {
    const options = {
      maxConcurrentStreams: 10,
      streamResetRate: ANY_RATE,
      maxQueuedReplies: 1e6,
    };
    const { engine, counter } = makeEngine(SPDY3_1, options);
    const cost = costOf(() => {
      const opener = new StreamOpener(SPDY3_1);
      for (let i = 0; i < 20_000; i++) engine.receive(opener.next());
      return engine;
    });
    expect(counter.get(`type ${SYN_STREAM}`)).to.equal(10);
    expect(counter.get('streamError')).to.equal(19_990);
    expect(engine.getOutboundQueueSize()).to.equal(19_990);
    // The refusals wait to be read by the peer, about 100 bytes each; the next test has the usual limit.
    expect(cost).to.be.below(2 * CHEAP);

    const usual = makeEngine(SPDY3_1, { maxConcurrentStreams: 10 });
    const opener = new StreamOpener(SPDY3_1);
    for (let i = 0; i < 2000; i++) usual.engine.receive(opener.next());
    expect(usual.counter.get(`type ${SYN_STREAM}`)).to.equal(10);
    expect(usual.counter.get('streamError')).to.be.at.most(1000);
    expect(usual.counter.code).to.match(/TOO_MANY_(RESETS|REPLIES)/);
  });

  it('a peer that sends 1,000,000 PINGs and never reads loses the session, with memory flat (checklist 155)', async () => {
    const ping = new FrameFactory(SPDY3_1);
    const pings = Buffer.concat(Array.from({ length: 1000 }, (_, i) => ping.ping(2 * i + 1)));
    const { engine, counter } = makeEngine(SPDY3_1, { pingRate: ANY_RATE });
    const cost = costOf(() => {
      for (let i = 0; i < 1000; i++) engine.receive(pings);
      return engine;
    });
    expect(counter.code).to.equal('ERR_SPDY_TOO_MANY_REPLIES');
    expect(counter.get('type 6')).to.be.at.most(1001);
    expect(cost).to.be.below(CHEAP);

    // Through a Session whose transport takes bytes in and lets none out.
    const deaf = new Duplex({ read: () => {}, write: () => {} });
    const session = new Session(SERVER, SPDY3_1.id, { pingRate: ANY_RATE, lingerTimeoutMs: 1 });
    const errors: unknown[] = [];
    session.on('error', (error) => errors.push(error));
    session.attach(deaf);
    const other = healthySession(SPDY3_1);
    const before = memoryInUse();
    for (let i = 0; i < 1000 && !session.destroyed; i++) {
      deaf.push(pings);
      if (i % 20 === 0) await new Promise((next) => setImmediate(next));
    }
    deaf.push(null);
    await closed(session);
    expect(errors).to.have.lengthOf(1);
    expect(errors[0]).to.include({ code: 'ERR_SPDY_TOO_MANY_REPLIES' });
    expect(memoryInUse() - before).to.be.below(CHEAP);
    await other;
  });

  it('30,000 frames of other kinds cost nothing, however they are limited', () => {
    const floods: readonly (readonly [
      string,
      keyof EngineOptions,
      (make: FrameFactory) => Buffer,
    ])[] = [
      ['ERR_SPDY_TOO_MANY_SETTINGS', 'settingsRate', (make) => make.settings([])],
      ['ERR_SPDY_TOO_MANY_EMPTY_FRAMES', 'emptyDataRate', (make) => make.data(1, '')],
      ['ERR_SPDY_TOO_MANY_WINDOW_UPDATES', 'windowUpdateRate', (make) => make.windowUpdate(1, 1)],
    ];
    const cost = costOf(() =>
      floods.flatMap(([code, rate, frame]) =>
        [{}, { [rate]: ANY_RATE }].map((options) => {
          const { engine, counter } = makeEngine(SPDY3_1, options);
          const make = new FrameFactory(SPDY3_1);
          engine.receive(make.synStream(1, HEADERS));
          const frames = Buffer.concat(new Array(1000).fill(frame(make)));
          for (let i = 0; i < 30; i++) engine.receive(frames);
          expect(counter.code, code).to.equal(rate in options ? '' : code);
          return engine;
        }),
      ),
    );
    expect(cost).to.be.below(CHEAP);
  });

  it('counts and lengths of 0xffffffff allocate nothing, CVE-2026-35469 (checklist 117, 118, 219)', () => {
    const cost = costOf(() => PROTOCOL_VERSIONS.map(receiveHugeCounts));
    expect(cost).to.be.below(1 << 20);
  });

  it('control frames of 16 MiB are not buffered, whatever they are (checklist 11, 65, 66)', () => {
    const piece = Buffer.alloc(1 << 16);
    const cost = costOf(() =>
      PROTOCOL_VERSIONS.flatMap((version) =>
        [1, 2, 4, 8, 10, 11].map((type) => {
          const { engine } = makeEngine(version, { credentials: true });
          engine.receive(
            rawControlFrame({ version: version.wire, type, length: MAX_FRAME_LENGTH }),
          );
          for (let i = 0; i < 255; i++) engine.receive(piece);
          return engine;
        }),
      ),
    );
    expect(cost).to.be.below(1 << 20);
  });

  it('a header block that inflates to 8 MiB ends the session at the limit (checklist 239)', () => {
    const bomb = new FrameFactory(SPDY3_1).synStream(1, Buffer.alloc(8 << 20));
    const { engine, counter } = makeEngine(SPDY3_1, { maxControlFrameSize: MAX_FRAME_LENGTH });
    const cost = costOf(() => {
      engine.receive(bomb);
      return engine;
    });
    expect(counter.code).to.equal('ERR_SPDY_FRAME_TOO_LARGE');
    expect(cost).to.be.below(4 << 20);
  });

  it('engines that have received noise keep less than 128 KiB each: a frame that is not complete, and contexts of zlib', () => {
    const random = createRandom(1);
    const source = Buffer.from(Uint8Array.from({ length: 90_000 }, () => random.integer(0, 255)));
    const cost = costOf(() =>
      Array.from({ length: 200 }, (_, number) => {
        const { engine } = makeEngine(PROTOCOL_VERSIONS[number % 3] as ProtocolVersion);
        const noise = Buffer.from(source.subarray(100 * number, 100 * number + 65_536));
        // Every other time it begins like the longest frame that is collected.
        const head = rawControlFrame({
          version: engine.version.wire,
          type: 0xffff,
          length: 65_536,
        });
        if (number % 2 === 0) head.copy(noise);
        for (let at = 0; at < noise.length; at += 1000) {
          engine.receive(noise.subarray(at, at + 1000));
        }
        engine.pull();
        return engine;
      }),
    );
    expect(cost).to.be.below(200 * 131_072);
  });
});
