import * as fc from 'fast-check';
import type { HeaderList } from '../../lib/protocol/frames.ts';
import type { ProtocolVersion } from '../../lib/protocol/version.ts';
import { FrameFactory, rawControlFrame, rawDataFrame, uint32 } from '../support/frame-factory.ts';
import type { Block, Reaction, Reference } from './engine-reference.ts';

/** Which stream a frame of the peer is for: one that is open, one that has ended, or one that never was. */
export interface Target {
  readonly of: 'own' | 'peer' | 'gone' | 'idle' | 'zero';
  readonly pick: number;
}

/** A frame of a peer that keeps no rule. */
export type PeerFrame =
  | {
      readonly kind: 'synStream';
      readonly id: 'next' | 'skip' | 'same' | 'lower' | 'own' | 'zero';
      readonly flags: number;
      readonly association: Target | null;
      readonly block: Block;
    }
  | {
      readonly kind: 'synReply' | 'headers';
      readonly target: Target;
      readonly flags: number;
      readonly block: Block;
    }
  | {
      readonly kind: 'data';
      readonly target: Target;
      readonly flags: number;
      readonly length: number;
    }
  | { readonly kind: 'rstStream'; readonly target: Target; readonly status: number }
  | { readonly kind: 'settings'; readonly entries: readonly { id: number; value: number }[] }
  | { readonly kind: 'ping'; readonly id: 'peer' | 'outstanding' | 'answered' | 'own' }
  | { readonly kind: 'goaway'; readonly last: number }
  | { readonly kind: 'windowUpdate'; readonly target: Target; readonly delta: number }
  | { readonly kind: 'other'; readonly type: number; readonly length: number }
  | { readonly kind: 'wrongVersion'; readonly type: number; readonly target: Target }
  | { readonly kind: 'wrongLength'; readonly type: number; readonly length: number };

const target: fc.Arbitrary<Target> = fc.record({
  of: fc.oneof(
    { weight: 5, arbitrary: fc.constant('own' as const) },
    { weight: 5, arbitrary: fc.constant('peer' as const) },
    { weight: 3, arbitrary: fc.constant('gone' as const) },
    { weight: 1, arbitrary: fc.constant('idle' as const) },
  ),
  pick: fc.nat({ max: 9 }),
});
/** Stream 0 ends the session, so it is rare. */
const anyTarget = fc.oneof(
  { weight: 40, arbitrary: target },
  { weight: 1, arbitrary: fc.constant<Target>({ of: 'zero', pick: 0 }) },
);
const block = fc.constantFrom<Block[]>('good', 'good', 'good', 'good', 'bad', 'large');
const status = fc.oneof(fc.constantFrom(0, 1, 3, 5, 5, 99), fc.nat({ max: 0xffffffff }));
const flags = fc.constantFrom(0, 0, 0, 1, 1, 0xf0);

/** Frames of a peer that may send anything. Those that end the session are rare. */
export const peerFrames: fc.Arbitrary<PeerFrame> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('synStream'),
      id: fc.oneof(
        { weight: 20, arbitrary: fc.constantFrom('next', 'next', 'next', 'skip', 'same') },
        { weight: 1, arbitrary: fc.constantFrom('lower', 'own', 'zero') },
      ),
      flags: fc.constantFrom(0, 0, 1, 2, 3, 0xf0),
      association: fc.option(target, { freq: 3 }),
      block,
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({ kind: fc.constantFrom('synReply'), target: anyTarget, flags, block }),
  },
  {
    weight: 5,
    arbitrary: fc.record({ kind: fc.constantFrom('headers'), target: anyTarget, flags, block }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('data'),
      target: anyTarget,
      flags: fc.constantFrom(0, 0, 0, 1, 1, 2, 3, 0xf0),
      // Some of them fill a window exactly, in two or three frames.
      length: fc.constantFrom(0, 0, 1, 50, 5536, 30_000, 30_000, 35_536),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('rstStream'), target: anyTarget, status }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('settings'),
      entries: fc.array(
        fc.record({
          id: fc.constantFrom(0, 1, 4, 7, 7, 8, 99),
          value: fc.constantFrom(0, 1, 3, 100, 65_536, 0x7fffffff, 0x80000000, 0xffffffff),
        }),
        { maxLength: 4 },
      ),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('ping'),
      id: fc.constantFrom('peer', 'outstanding', 'outstanding', 'answered', 'own'),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('goaway'),
      last: fc.constantFrom(0, 1, 2, 5, 0x7fffffff),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('windowUpdate'),
      target: fc.oneof(
        { weight: 8, arbitrary: target },
        { weight: 1, arbitrary: fc.constant<Target>({ of: 'zero', pick: 0 }) },
      ),
      delta: fc.constantFrom(1, 1, 1000, 0x7fffffff - 65_536, 0, 0x7fffffff),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('other'),
      type: fc.constantFrom(0, 5, 10, 11, 0xffff),
      length: fc.nat({ max: 40 }),
    }),
  },
) as fc.Arbitrary<PeerFrame>;

/** Frames that end the session, or nearly. */
export const fatalFrames: fc.Arbitrary<PeerFrame> = fc.oneof(
  fc.record({ kind: fc.constant('wrongVersion'), type: fc.integer({ min: 1, max: 9 }), target }),
  fc.record({
    kind: fc.constant('wrongLength'),
    type: fc.constantFrom(1, 2, 3, 4, 6, 7, 8),
    length: fc.nat({ max: 3 }),
  }),
) as fc.Arbitrary<PeerFrame>;

/** Makes the bytes of a peer's frames, and asks the reference what has to happen. */
export class Peer {
  readonly #version: ProtocolVersion;
  readonly #reference: Reference;
  readonly #factory: FrameFactory;
  #nextPing: number;
  /** The last PING that the peer has answered, else one that never was. */
  #answered: number;
  #number = 0;

  constructor(version: ProtocolVersion, reference: Reference) {
    this.#version = version;
    this.#reference = reference;
    this.#factory = new FrameFactory(version);
    this.#answered = 2000 + reference.parity;
    this.#nextPing = reference.parity === 1 ? 2 : 1;
  }

  /** The bytes of a frame, and the reaction to it. */
  make(frame: PeerFrame): { bytes: Buffer; reaction: Reaction } {
    const factory = this.#factory;
    const reference = this.#reference;
    switch (frame.kind) {
      case 'synStream': {
        const id = this.#openingId(frame.id);
        const association = frame.association === null ? 0 : this.#idOf(frame.association);
        const fields = { flags: frame.flags, associatedToStreamId: association, priority: id & 3 };
        return {
          bytes: factory.synStream(id, this.#block(frame.block), fields),
          reaction: reference.synStream(id, frame.flags, association, frame.block),
        };
      }
      case 'synReply':
      case 'headers': {
        const id = this.#idOf(frame.target);
        return {
          bytes: factory[frame.kind](id, this.#block(frame.block), { flags: frame.flags }),
          reaction: reference[frame.kind](id, frame.flags, frame.block),
        };
      }
      case 'data': {
        const id = this.#idOf(frame.target);
        const payload = Buffer.alloc(frame.length, ++this.#number);
        return {
          bytes: rawDataFrame(id, payload, frame.flags),
          reaction: reference.data(id, frame.flags, frame.length),
        };
      }
      case 'rstStream': {
        const id = this.#idOf(frame.target);
        return {
          bytes: factory.rstStream(id, frame.status),
          reaction: reference.rstStream(id, frame.status),
        };
      }
      case 'settings': {
        const entries = frame.entries.map((entry) => ({ ...entry, flags: 0 }));
        return { bytes: factory.settings(entries), reaction: reference.settings(entries) };
      }
      case 'ping': {
        const id = this.#pingId(frame.id);
        return { bytes: factory.ping(id), reaction: reference.ping(id) };
      }
      case 'goaway':
        return { bytes: factory.goaway(frame.last), reaction: reference.goaway(frame.last) };
      case 'windowUpdate': {
        const id = this.#idOf(frame.target);
        return {
          bytes: factory.windowUpdate(id, frame.delta),
          reaction: reference.windowUpdate(id, frame.delta),
        };
      }
      case 'other': {
        const { wire, hasNoop, hasCredential } = this.#version;
        const skipped = (frame.type === 5 && hasNoop) || (frame.type === 10 && hasCredential);
        return {
          bytes: rawControlFrame({
            version: wire,
            type: frame.type,
            payload: Buffer.alloc(frame.length),
          }),
          reaction: skipped ? { kind: 'drop' } : { kind: 'unknown' },
        };
      }
      case 'wrongVersion': {
        const id = this.#idOf(frame.target);
        const version = this.#version.wire === 2 ? 3 : 2;
        const bytes = rawControlFrame({ version, type: frame.type, payload: uint32(id, 0, 0) });
        const known = frame.type !== 9 || this.#version.streamWindows;
        const skipped = frame.type === 5 && !this.#version.hasNoop;
        if (!known || skipped) return { bytes, reaction: { kind: 'unknown' } };
        return { bytes, reaction: reference.wrongVersion(frame.type, id) };
      }
      case 'wrongLength': {
        const payload = Buffer.alloc(frame.length);
        const { wire } = this.#version;
        const bytes = rawControlFrame({ version: wire, type: frame.type, payload });
        return { bytes, reaction: reference.malformed() };
      }
    }
  }

  #openingId(kind: 'next' | 'skip' | 'same' | 'lower' | 'own' | 'zero'): number {
    const { lastReceivedId, parity } = this.#reference;
    const next = lastReceivedId === 0 ? 2 - (1 - parity) : lastReceivedId + 2;
    switch (kind) {
      case 'next':
        return next;
      case 'skip':
        return next + 4;
      case 'same':
        return lastReceivedId === 0 ? next : lastReceivedId;
      case 'lower':
        return lastReceivedId > 2 ? lastReceivedId - 2 : next;
      case 'own':
        return next + 1;
      case 'zero':
        return 0;
    }
  }

  #idOf({ of, pick }: Target): number {
    const { streams, gone, lastReceivedId, nextOwnId } = this.#reference;
    const open = [...streams].filter(([, { own }]) => own === (of === 'own')).map(([id]) => id);
    const ids = of === 'gone' ? [...gone.keys()] : of === 'own' || of === 'peer' ? open : [];
    if (of === 'zero') return 0;
    if (ids.length > 0) return ids[pick % ids.length] as number;
    return pick % 2 === 0
      ? nextOwnId + 2 * pick
      : (lastReceivedId || 1 - (nextOwnId % 2)) + 2 * pick;
  }

  #pingId(kind: 'peer' | 'outstanding' | 'answered' | 'own'): number {
    const { outstandingPings, parity } = this.#reference;
    const [outstanding] = outstandingPings;
    if (kind === 'outstanding' && outstanding !== undefined) {
      this.#answered = outstanding;
      return outstanding;
    }
    if (kind === 'answered') return this.#answered;
    if (kind === 'own') return 1000 + parity;
    this.#nextPing += 2;
    return this.#nextPing - 2;
  }

  #block(block: Block): HeaderList {
    const number = String(++this.#number);
    if (block === 'good')
      return [
        ['x-number', number],
        ['x', ''],
      ].slice(0, this.#number % 3) as never;
    if (block === 'large') return Array.from({ length: 6 }, (_, i) => [`x${i}`, number] as const);
    return this.#number % 2 === 0
      ? [['Upper', number]]
      : [
          ['a', number],
          ['a', number],
        ];
  }
}
