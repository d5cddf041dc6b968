import * as fc from 'fast-check';
import type {
  EngineOptions,
  HeaderCompression,
  WindowUpdateMode,
} from '../../lib/engine/options/options.ts';
import type { SpdyVersion } from '../../lib/protocol/constants.ts';

/** Which engine of a pair. */
export type Who = 'client' | 'server';

/** A body that a provider delivers. */
export interface BodySpec {
  readonly length: number;
  /** Where it answers `ERR_DEFERRED`, in parts of the length (0 to 4 quarters). */
  readonly deferAt: readonly number[];
  /** At which quarter it fails for its stream, or null. */
  readonly failAt: number | null;
  /** How the end is told: with the last bytes, by one more read, or by `ended` as well. */
  readonly end: 'last' | 'extra' | 'ended';
  /** Most bytes that one read gives. */
  readonly perRead: number;
}

/** What an application does. Streams are picked by number out of those it knows. */
export type Call =
  | { readonly kind: 'request'; readonly priority: number; readonly body: BodySpec | null }
  | {
      readonly kind: 'open';
      readonly flags: number;
      readonly priority: number;
      readonly pick: number;
    }
  | { readonly kind: 'response'; readonly pick: number; readonly body: BodySpec | null }
  | { readonly kind: 'reply'; readonly pick: number; readonly flags: number }
  | { readonly kind: 'headers'; readonly pick: number; readonly flags: number }
  | {
      readonly kind: 'data';
      readonly pick: number;
      readonly flags: number;
      readonly body: BodySpec;
    }
  | { readonly kind: 'resume'; readonly pick: number }
  | { readonly kind: 'reset'; readonly pick: number; readonly status: number }
  | { readonly kind: 'cancel'; readonly pick: number; readonly status: number }
  | { readonly kind: 'ping' }
  | { readonly kind: 'goaway' }
  | { readonly kind: 'settings'; readonly streams: number | null; readonly window: number | null }
  | { readonly kind: 'update'; readonly pick: number; readonly delta: number }
  | { readonly kind: 'consume'; readonly pick: number; readonly percent: number };

/** Callbacks out of which calls are made. */
const CALLBACKS = [
  'onCtrlRecv',
  'onDataChunkRecv',
  'onDataRecv',
  'onRequestRecv',
  'beforeCtrlSend',
  'onCtrlSend',
  'onCtrlNotSend',
  'onDataSend',
  'onStreamClose',
  'onStreamError',
  'readCb',
] as const;
/** One of them. */
export type CallbackName = (typeof CALLBACKS)[number];

/** One step of a conversation. */
export type Operation =
  | { readonly kind: 'call'; readonly who: Who; readonly call: Call }
  /** The next callback of that name makes the call, for its own stream if it fits, or throws. */
  | {
      readonly kind: 'plan';
      readonly who: Who;
      readonly name: CallbackName;
      readonly call: Call | null;
    }
  /** The engine writes about so many bytes. */
  | { readonly kind: 'write'; readonly who: Who; readonly limit: number }
  /** So many bytes under way arrive at `who`, in pieces. */
  | { readonly kind: 'arrive'; readonly who: Who; readonly bytes: number; readonly seed: number }
  /** All bytes arrive, both ways, until nobody has anything to say. */
  | { readonly kind: 'settle' };

/** How one engine of a conversation is made and driven. */
export interface EndSpec {
  readonly options: EngineOptions & { readonly windowUpdates: WindowUpdateMode };
  /** Driven by `pull()` and `receive()`, or by `send()` and `recv()`. */
  readonly callbackStyle: boolean;
}

/** A whole conversation. */
export interface ConversationSpec {
  readonly version: SpdyVersion;
  readonly client: EndSpec;
  readonly server: EndSpec;
  readonly operations: readonly Operation[];
}

const pick = fc.nat({ max: 30 });
const flags = fc.nat({ max: 1 });
const status = fc.constantFrom(1, 2, 3, 5, 5, 6, 7, 9, 11);
const who = fc.constantFrom<Who[]>('client', 'server');
const length = fc.oneof(
  { weight: 2, arbitrary: fc.nat({ max: 40 }) },
  { weight: 4, arbitrary: fc.nat({ max: 5000 }) },
  { weight: 2, arbitrary: fc.constantFrom(16_384, 32_768, 65_535, 65_536, 65_537) },
  { weight: 1, arbitrary: fc.nat({ max: 150_000 }) },
);

const body: fc.Arbitrary<BodySpec> = fc.record({
  length,
  deferAt: fc.oneof(
    { weight: 2, arbitrary: fc.constant([]) },
    { weight: 1, arbitrary: fc.array(fc.nat({ max: 4 }), { maxLength: 3 }) },
  ),
  failAt: fc.oneof(
    { weight: 12, arbitrary: fc.constant(null) },
    { weight: 1, arbitrary: fc.nat({ max: 4 }) },
  ),
  end: fc.constantFrom('last', 'extra', 'ended'),
  perRead: fc.constantFrom(16_384, 16_384, 3000, 700),
});

const maybeBody = fc.option(body, { freq: 4 });
const windows = fc.constantFrom(0, 300, 900, 5000, 16_384, 65_536, 100_000, 0x7f000000);
const streamLimits = fc.constantFrom(0, 1, 2, 5, 100);

const call: fc.Arbitrary<Call> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('request'),
      priority: fc.nat({ max: 7 }),
      body: maybeBody,
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('open'),
      flags: fc.nat({ max: 3 }),
      priority: fc.nat({ max: 7 }),
      pick,
    }),
  },
  { weight: 7, arbitrary: fc.record({ kind: fc.constant('response'), pick, body: maybeBody }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('reply'), pick, flags }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('headers'), pick, flags }) },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('data'), pick, flags, body }) },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('resume'), pick }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('reset'), pick, status }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('cancel'), pick, status }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'ping' }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'goaway' }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('settings'),
      streams: fc.option(streamLimits),
      window: fc.option(windows, { freq: 2 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('update'),
      pick,
      delta: fc.integer({ min: 1, max: 70_000 }),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('consume'),
      pick,
      percent: fc.constantFrom(1, 50, 100, 130),
    }),
  },
) as fc.Arbitrary<Call>;

const operation: fc.Arbitrary<Operation> = fc.oneof(
  { weight: 10, arbitrary: fc.record({ kind: fc.constant('call'), who, call }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('plan'),
      who,
      name: fc.constantFrom(...CALLBACKS),
      call: fc.option(call, { freq: 8 }),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('write'),
      who,
      limit: fc.constantFrom(1, 30, 1000, 20_000, 65_536),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('arrive'),
      who,
      bytes: fc.constantFrom(3, 20, 300, 9000, 100_000),
      seed: fc.nat({ max: 99 }),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ kind: 'settle' }) },
) as fc.Arbitrary<Operation>;

const end = (flowControl: boolean): fc.Arbitrary<EndSpec> =>
  fc.record({
    options: fc.record({
      windowUpdates: fc.constantFrom<WindowUpdateMode[]>('auto', 'manual', 'consume'),
      flowControl: fc.constant(flowControl),
      initialWindowSize: fc.constantFrom(65_536, 65_536, 2000, 200_000),
      maxConcurrentStreams: fc.constantFrom(100, 100, 3),
      maxDataSize: fc.constantFrom(16_384, 16_384, 1000, 65_537),
      headerCompression: fc.constantFrom<HeaderCompression[]>('indexed', 'indexed', 'deflate'),
      compressionLevel: fc.constantFrom(0, 1, 9),
      lenientStreams: fc.boolean(),
      maxOutstandingPings: fc.constantFrom(2, 10),
    }),
    callbackStyle: fc.boolean(),
  });

/** Conversations of two engines with up to `most` operations. */
export function conversations(most: number): fc.Arbitrary<ConversationSpec> {
  return fc.constantFrom(true, true, true, false).chain((flowControl) =>
    fc.record({
      version: fc.constantFrom<SpdyVersion[]>(2, 3, 4, 4),
      client: end(flowControl),
      server: end(flowControl),
      operations: fc.array(operation, { maxLength: most, size: 'max' }),
    }),
  );
}
