import { expect } from 'chai';
import * as fc from 'fast-check';
import type { Engine } from '../../lib/engine/engine.ts';
import { CLIENT, MAX_FRAME_LENGTH, SERVER, type Side } from '../../lib/protocol/constants.ts';
import { PROTOCOL_VERSIONS, type ProtocolVersion } from '../../lib/protocol/version.ts';
import { createEnd } from '../support/engine-pair.ts';
import { FrameDecoder } from '../support/frame-decoder.ts';
import { rawControlFrame, rawDataFrame } from '../support/frame-factory.ts';
import { randomCut, shred } from '../support/shred.ts';
import { Comparison, type ScriptItem, sequences } from './engine-comparison.ts';

const { PROPERTY_RUNS = '40' } = process.env;
const RUNS = Number(PROPERTY_RUNS);

/** A change to a byte stream; places are parts per thousand of its length. */
type Mutation =
  | { readonly kind: 'flip' | 'delete' | 'double'; readonly at: number; readonly size: number }
  | { readonly kind: 'overwrite'; readonly at: number; readonly bytes: Uint8Array };

const at = fc.nat({ max: 999 });
const mutations: fc.Arbitrary<Mutation> = fc.oneof(
  fc.record({ kind: fc.constant('flip' as const), at, size: fc.nat({ max: 7 }) }),
  fc.record({
    kind: fc.constantFrom('delete' as const, 'double' as const),
    at,
    size: fc.integer({ min: 1, max: 40 }),
  }),
  fc.record({
    kind: fc.constant('overwrite' as const),
    at,
    bytes: fc.uint8Array({ minLength: 1, maxLength: 4 }),
  }),
);

function mutate(bytes: Buffer, mutation: Mutation): Buffer {
  const place = Math.floor((bytes.length * mutation.at) / 1000);
  const [before, after] = [bytes.subarray(0, place), bytes.subarray(place)];
  switch (mutation.kind) {
    case 'flip': {
      const copy = Buffer.from(bytes);
      if (place < copy.length) copy[place] = (copy[place] as number) ^ (1 << mutation.size);
      return copy;
    }
    case 'delete':
      return Buffer.concat([before, after.subarray(mutation.size)]);
    case 'double':
      return Buffer.concat([before, after.subarray(0, mutation.size), after]);
    case 'overwrite':
      return Buffer.concat([before, mutation.bytes, after.subarray(mutation.bytes.length)]);
  }
}

/** An engine that receives noise: whatever comes, it has to stay in order itself. */
class Listener {
  readonly engine: Engine;
  readonly #end: ReturnType<typeof createEnd>;
  readonly #decoder: FrameDecoder;
  #last = '';

  constructor(side: Side, version: ProtocolVersion) {
    this.#end = createEnd(side, version.id, { windowUpdates: 'auto', credentials: true });
    this.engine = this.#end.engine;
    this.#decoder = new FrameDecoder(version);
  }

  hear(bytes: Buffer, seed: number): void {
    for (const piece of shred(bytes, randomCut(seed, 200))) this.engine.receive(piece);
    this.#end.handler.take();
  }

  call(call: (engine: Engine) => void): void {
    try {
      call(this.engine);
    } catch (error) {
      // A call that does not fit what the noise has done.
      expect((error as { code?: string }).code).to.match(/^ERR_SPDY_/);
    }
    this.#end.handler.take();
  }

  /** All output is well-formed (the decoder throws else), and the engine is open, or has ended with GOAWAY. */
  check(): void {
    const { engine } = this;
    for (let bytes = engine.pull(); bytes !== null; bytes = engine.pull()) {
      for (const { frame } of this.#decoder.push(bytes)) this.#last = frame.type;
    }
    expect(engine.wantWrite()).to.equal(false);
    if (engine.failed) {
      expect([this.#last, engine.wantRead()]).to.deep.equal(['GOAWAY', false]);
      expect(engine.getOutboundQueueSize()).to.equal(0);
      expect(this.#end.handler.sessionErrors).to.have.lengthOf(1);
    } else {
      expect(this.#end.handler.sessionErrors).to.deep.equal([]);
    }
    const { streamsOpened, streamsAccepted, streamsClosed } = engine.statistics;
    if (engine.failed) expect(streamsOpened + streamsAccepted).to.equal(streamsClosed);
  }
}

describe('properties: noise', function () {
  this.timeout(0);

  const sides = fc.constantFrom(CLIENT, SERVER);
  const versions = fc.constantFrom(...PROTOCOL_VERSIONS);
  const seeds = fc.nat();

  it('traffic with random faults leaves an engine open, or ended with GOAWAY', () => {
    const faults = fc.array(mutations, { minLength: 1, maxLength: 6 });
    return fc.assert(
      fc.property(sides, versions, sequences, faults, seeds, (side, version, steps, list, seed) => {
        const comparison = new Comparison(side, version);
        for (const step of steps) comparison.do(step);
        const listener = new Listener(side, version);
        const isBytes = (item: ScriptItem): item is Buffer => Buffer.isBuffer(item);
        const lengths = comparison.script.map((item) => (isBytes(item) ? item.length : 0));
        let stream = list.reduce(mutate, Buffer.concat(comparison.script.filter(isBytes)));
        comparison.script.forEach((item, index) => {
          if (!isBytes(item)) listener.call(item);
          listener.hear(stream.subarray(0, lengths[index]), seed + index);
          stream = stream.subarray(lengths[index] as number);
          listener.check();
        });
        listener.hear(stream, seed);
        listener.check();
      }),
      { numRuns: RUNS / 2 },
    );
  });

  it('random frames leave an engine open, or ended with GOAWAY', () => {
    const payload = fc.oneof(
      fc.uint8Array({ maxLength: 40 }),
      // Mostly small numbers, as ids, counts and lengths.
      fc.array(fc.constantFrom(0, 0, 0, 0, 1, 2, 3, 4, 7, 8, 0xff), { maxLength: 40 }),
    );
    const frame = fc.record({
      control: fc.constantFrom(true, true, true, false),
      type: fc.oneof(fc.integer({ min: 1, max: 10 }), fc.nat({ max: 0xffff })),
      flags: fc.oneof(fc.constant(0), fc.nat({ max: 255 })),
      streamId: fc.oneof(fc.nat({ max: 9 }), fc.nat({ max: 0x7fffffff })),
      payload,
      length: fc.oneof(
        { weight: 30, arbitrary: fc.constant(null) },
        { weight: 1, arbitrary: fc.nat({ max: MAX_FRAME_LENGTH }) },
      ),
    });
    const frames = fc.array(frame, { maxLength: 30, size: 'max' });
    return fc.assert(
      fc.property(sides, versions, frames, seeds, (side, version, list, seed) => {
        const listener = new Listener(side, version);
        listener.call((engine) => engine.submitRequest(0, [['name', 'value']]));
        for (const { control, type, flags, streamId, payload: bytes, length } of list) {
          const data = Buffer.from(bytes);
          const fields = { version: version.wire, type, flags, payload: data };
          const raw = control
            ? rawControlFrame(length === null ? fields : { ...fields, length })
            : rawDataFrame(streamId, data, flags, length ?? data.length);
          listener.hear(raw, seed);
          listener.check();
        }
      }),
      { numRuns: RUNS },
    );
  });

  it('random bytes leave an engine open, or ended with GOAWAY', () => {
    const noise = fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 20 });
    return fc.assert(
      fc.property(sides, versions, noise, seeds, (side, version, chunks, seed) => {
        const listener = new Listener(side, version);
        for (const chunk of chunks) {
          listener.hear(Buffer.from(chunk), seed);
          listener.check();
        }
      }),
      { numRuns: RUNS },
    );
  });
});
