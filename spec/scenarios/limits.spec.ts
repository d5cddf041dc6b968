import { expect } from 'chai';
import { headerCost, PAIR_COST } from '../../lib/common/header-cost.ts';
import type { EngineOptions } from '../../lib/engine/options/options.ts';
import type { ErrorCode } from '../../lib/errors.ts';
import {
  CANCEL,
  CLIENT,
  FLOW_CONTROL_ERROR,
  FRAME_TOO_LARGE,
  INTERNAL_ERROR,
  PROTOCOL_ERROR,
  REFUSED_STREAM,
  SERVER,
} from '../../lib/protocol/constants.ts';
import { PROTOCOL_VERSIONS, type ProtocolVersion, SPDY3_1 } from '../../lib/protocol/version.ts';
import { createEnd } from '../support/engine-pair.ts';
import { decodeFrames } from '../support/frame-decoder.ts';
import { FrameFactory } from '../support/frame-factory.ts';
import { closed, until } from '../support/session-pair.ts';
import { HEADERS, healthySession, Target, UNREAD } from './attack-support.ts';

/** A hostile peer that reaches a limit, and one that goes beyond it by the smallest step. */
interface Attack {
  /** The option that it is about. */
  readonly limit: keyof EngineOptions;
  /** What it proves. */
  readonly proves: string;
  readonly options: EngineOptions;
  /** Status of the RST_STREAM that answers it, null if the session ends. */
  readonly status: number | null;
  readonly code: ErrorCode;
  /** Where the limit exists. Default: everywhere. */
  readonly exists?: (version: ProtocolVersion) => boolean;
  /** Compression level of the peer. */
  readonly level?: number;
  /** Frames that stay within the limit. */
  fine(make: FrameFactory, version: ProtocolVersion): Buffer[];
  /** The one that is too much. Streams from 101 on are free. */
  tooMuch(make: FrameFactory, version: ProtocolVersion): Buffer;
}

const few = { burst: 5, perSecond: 0 };

function five(make: (index: number) => Buffer): Buffer[] {
  return Array.from({ length: 5 }, (_, index) => make(index));
}

/** Headers whose plain block has exactly this many bytes. */
function headersOf(length: number, { headerLengthSize }: ProtocolVersion): [string, string][] {
  return [['v', 'x'.repeat(length - 3 * headerLengthSize - 1)]];
}

/** A SYN_STREAM with exactly this many payload bytes: block stored, not compressed, and not the first one. */
function openingOf(
  length: number,
  id: number,
  make: FrameFactory,
  version: ProtocolVersion,
): Buffer {
  // 10 bytes before the block; 5 for the header of a stored block and 5 for its flush.
  const frame = make.synStream(id, headersOf(length - 20, version));
  expect(frame.length - 8).to.equal(length);
  return frame;
}

const ATTACKS: readonly Attack[] = [
  {
    limit: 'maxControlFrameSize',
    proves: '(checklist 7, 65, 66)',
    options: { maxControlFrameSize: 8192 },
    status: FRAME_TOO_LARGE,
    code: 'ERR_SPDY_FRAME_TOO_LARGE',
    level: 0,
    fine: (make, version) => [make.synStream(101, HEADERS), openingOf(8192, 103, make, version)],
    tooMuch: (make, version) => openingOf(8193, 105, make, version),
  },
  {
    limit: 'maxHeaderListSize',
    proves: '(checklist 238)',
    options: { maxHeaderListSize: 5000 },
    status: FRAME_TOO_LARGE,
    code: 'ERR_SPDY_FRAME_TOO_LARGE',
    fine: (make, version) => [make.synStream(101, headersOf(5000, version))],
    tooMuch: (make, version) => make.synStream(103, headersOf(5001, version)),
  },
  {
    limit: 'maxHeaderCount',
    proves: '(checklist 104)',
    options: { maxHeaderCount: 5 },
    status: FRAME_TOO_LARGE,
    code: 'ERR_SPDY_FRAME_TOO_LARGE',
    fine: (make) => [
      make.synStream(
        101,
        [0, 1, 2, 3, 4].map((n) => [`n${n}`, 'v'] as const),
      ),
    ],
    tooMuch: (make) =>
      make.synStream(
        103,
        [0, 1, 2, 3, 4, 5].map((n) => [`n${n}`, 'v'] as const),
      ),
  },
  {
    limit: 'maxInflatedBlockSize',
    proves: '(checklist 108, 239)',
    options: { maxInflatedBlockSize: 70_000, maxHeaderListSize: 65_000 },
    status: null,
    code: 'ERR_SPDY_FRAME_TOO_LARGE',
    exists: ({ wire }) => wire === 3,
    fine: (make, version) => [make.synStream(101, headersOf(65_000, version))],
    tooMuch: (make, version) => make.synStream(103, headersOf(70_001, version)),
  },
  {
    limit: 'maxStreamHeaderMemory',
    proves: '',
    options: { maxStreamHeaderMemory: headerCost([['a', 'b']]) + headerCost([['cd', 'e']]) },
    status: FRAME_TOO_LARGE,
    code: 'ERR_SPDY_FRAME_TOO_LARGE',
    fine: (make) => [make.synStream(101, [['a', 'b']]), make.headers(101, [['cd', 'e']])],
    tooMuch: (make) => make.headers(101, [['f', 'g']]),
  },
  {
    limit: 'maxStreamHeaderMemory',
    proves: 'as it opens',
    options: { maxStreamHeaderMemory: headerCost([['name', 'value']]) },
    status: FRAME_TOO_LARGE,
    code: 'ERR_SPDY_FRAME_TOO_LARGE',
    fine: (make) => [make.synStream(101, [['name', 'value']])],
    tooMuch: (make) => make.synStream(103, [['name', 'values']]),
  },
  {
    limit: 'maxSessionHeaderMemory',
    proves: 'as a stream opens',
    // With the healthy stream 1.
    options: { maxSessionHeaderMemory: 3 * headerCost(HEADERS) },
    status: REFUSED_STREAM,
    code: 'ERR_SPDY_TOO_MUCH_BUFFERED',
    fine: (make) => [make.synStream(101, HEADERS), make.synStream(103, HEADERS)],
    tooMuch: (make) => make.synStream(105, HEADERS),
  },
  {
    limit: 'maxSessionHeaderMemory',
    proves: 'by further headers',
    options: { maxSessionHeaderMemory: 3 * headerCost(HEADERS) },
    status: INTERNAL_ERROR,
    code: 'ERR_SPDY_TOO_MUCH_BUFFERED',
    fine: (make) => [make.synStream(101, HEADERS), make.headers(101, HEADERS)],
    tooMuch: (make) => make.headers(101, HEADERS),
  },
  {
    limit: 'headerRate',
    proves: 'for blocks of one pair',
    // The healthy stream has earned what its own headers took. 21 bytes, in SPDY/2 15, are inflated for each.
    options: { headerRate: { burst: 5 * (21 + PAIR_COST), perSecond: 0 } },
    status: null,
    code: 'ERR_SPDY_TOO_MANY_HEADERS',
    fine: (make) => five((n) => make.synStream(101 + 2 * n, HEADERS)),
    tooMuch: (make) => make.headers(101, HEADERS),
  },
  {
    limit: 'headerRate',
    proves: 'for blocks of streams that are gone',
    options: { headerRate: { burst: 100_000, perSecond: 0 } },
    status: null,
    code: 'ERR_SPDY_TOO_MANY_HEADERS',
    fine: (make) => [
      make.synStream(101, HEADERS),
      make.rstStream(101, CANCEL),
      ...five(() => make.headers(101, [['v', 'x'.repeat(19_000)]])),
    ],
    tooMuch: (make) => make.headers(101, [['v', 'x'.repeat(19_000)]]),
  },
  {
    limit: 'headerRate',
    proves: 'for blocks that are too large to be kept',
    options: { headerRate: { burst: 200_000, perSecond: 0 }, maxHeaderListSize: 100 },
    status: null,
    code: 'ERR_SPDY_TOO_MANY_HEADERS',
    exists: ({ wire }) => wire === 3,
    fine: (make) => five((n) => make.synStream(101 + 2 * n, [['v', 'x'.repeat(39_000)]])),
    tooMuch: (make) => make.synStream(201, [['v', 'x'.repeat(39_000)]]),
  },
  {
    limit: 'maxSettingsEntries',
    proves: '(checklist 111)',
    options: { maxSettingsEntries: 5 },
    status: null,
    code: 'ERR_SPDY_TOO_MANY_SETTINGS',
    fine: (make) => [make.settings([1, 2, 3, 5, 6].map((id) => ({ id, flags: 0, value: 1 })))],
    tooMuch: (make) => make.settings([1, 2, 3, 5, 6, 9].map((id) => ({ id, flags: 0, value: 1 }))),
  },
  {
    limit: 'maxConcurrentStreams',
    proves: '(checklist 61, 63)',
    options: { maxConcurrentStreams: 5 },
    status: REFUSED_STREAM,
    code: 'ERR_SPDY_TOO_MANY_STREAMS',
    // With the healthy stream 1.
    fine: (make) => five((n) => make.synStream(101 + 2 * n, HEADERS)).slice(1),
    tooMuch: (make) => make.synStream(201, HEADERS),
  },
  {
    limit: 'maxQueuedReplies',
    proves: '(checklist 155)',
    options: { maxQueuedReplies: 5 },
    status: null,
    code: 'ERR_SPDY_TOO_MANY_REPLIES',
    fine: (make) => five((n) => make.ping(101 + 2 * n)),
    tooMuch: (make) => make.ping(201),
  },
  {
    limit: 'maxUnconsumedBytes',
    proves: '(checklist 104)',
    options: { maxUnconsumedBytes: 30_000, windowUpdates: 'consume' },
    status: FLOW_CONTROL_ERROR,
    code: 'ERR_SPDY_TOO_MUCH_BUFFERED',
    // In the engine nobody consumes the 15,000 bytes of the healthy stream either.
    fine: (make) => [make.synStream(101, UNREAD), make.data(101, Buffer.alloc(15_000))],
    tooMuch: (make) => make.data(101, Buffer.alloc(15_001)),
  },
  {
    limit: 'receiveWindowTolerance',
    proves: '(checklist 178)',
    options: { receiveWindowTolerance: 5, windowUpdates: 'consume' },
    status: FLOW_CONTROL_ERROR,
    code: 'ERR_SPDY_FLOW_CONTROL',
    exists: ({ streamWindows, sessionWindow }) => streamWindows && !sessionWindow,
    fine: (make) => [make.synStream(101, UNREAD), make.data(101, Buffer.alloc(65_541))],
    tooMuch: (make) => make.data(101, 'x'),
  },
  {
    limit: 'receiveWindowTolerance',
    proves: '(checklist 177, 178)',
    // Credit on receipt would let this through.
    options: { receiveWindowTolerance: 5, windowUpdates: 'consume', sessionCreditLimit: 0 },
    status: null,
    code: 'ERR_SPDY_FLOW_CONTROL',
    exists: ({ sessionWindow }) => sessionWindow,
    // With the 15,000 bytes of the healthy stream.
    fine: (make) => [make.synStream(101, UNREAD), make.data(101, Buffer.alloc(50_541))],
    tooMuch: (make) => make.data(101, 'x'),
  },
  {
    limit: 'streamResetRate',
    proves: '(checklist 115)',
    options: { streamResetRate: few },
    status: null,
    code: 'ERR_SPDY_TOO_MANY_RESETS',
    fine: (make) =>
      five((n) =>
        Buffer.concat([make.synStream(101 + 2 * n, HEADERS), make.rstStream(101 + 2 * n, CANCEL)]),
      ),
    tooMuch: (make) => Buffer.concat([make.synStream(201, HEADERS), make.rstStream(201, CANCEL)]),
  },
  {
    limit: 'streamResetRate',
    proves: '(checklist 115)',
    options: { streamResetRate: few },
    status: null,
    code: 'ERR_SPDY_TOO_MANY_RESETS',
    // Streams that have to be reset cost as much as those that the peer resets.
    fine: (make) => five((n) => make.synStream(101 + 2 * n, [['Upper', 'case']])),
    tooMuch: (make) => make.synStream(201, [['Upper', 'case']]),
  },
  {
    limit: 'settingsRate',
    proves: '(checklist 111)',
    options: { settingsRate: few },
    status: null,
    code: 'ERR_SPDY_TOO_MANY_SETTINGS',
    fine: (make) => five(() => make.settings([])),
    tooMuch: (make) => make.settings([]),
  },
  {
    limit: 'pingRate',
    proves: '(checklist 155)',
    options: { pingRate: few },
    status: null,
    code: 'ERR_SPDY_TOO_MANY_PINGS',
    fine: (make) => five((n) => make.ping(2 * n)),
    tooMuch: (make) => make.ping(99),
  },
  {
    limit: 'emptyDataRate',
    proves: '(checklist 22)',
    options: { emptyDataRate: few },
    status: null,
    code: 'ERR_SPDY_TOO_MANY_EMPTY_FRAMES',
    fine: (make) => five(() => make.data(1, '')),
    tooMuch: (make) => make.data(1, ''),
  },
  {
    limit: 'emptyDataRate',
    proves: 'for HEADERS without a pair',
    options: { emptyDataRate: few },
    status: null,
    code: 'ERR_SPDY_TOO_MANY_EMPTY_FRAMES',
    fine: (make) => five(() => make.headers(1, [])),
    tooMuch: (make) => make.headers(1, []),
  },
  {
    limit: 'goawayRate',
    proves: '',
    options: { goawayRate: few },
    status: null,
    code: 'ERR_SPDY_TOO_MANY_GOAWAYS',
    fine: (make) => five(() => make.goaway(0)),
    tooMuch: (make) => make.goaway(0),
  },
  {
    limit: 'windowUpdateRate',
    proves: '(checklist 115)',
    options: { windowUpdateRate: few },
    status: null,
    code: 'ERR_SPDY_TOO_MANY_WINDOW_UPDATES',
    exists: ({ streamWindows }) => streamWindows,
    fine: (make) => five(() => make.windowUpdate(1, 1)),
    tooMuch: (make) => make.windowUpdate(1, 1),
  },
];

describe('scenarios: limits', () => {
  for (const attack of ATTACKS) {
    const { limit, proves, options, status, code, exists = () => true } = attack;
    const outcome = status === null ? 'ends the session' : `resets the stream with ${status}`;

    it(`${limit}: exactly that is fine, more ${outcome} as ${code} ${proves}`.trim(), () => {
      for (const version of PROTOCOL_VERSIONS.filter(exists)) {
        const { engine, handler } = createEnd(SERVER, version.id, { ...options, now: () => 0 });
        const make = new FrameFactory(version, { level: attack.level ?? 9 });
        engine.receive(make.synStream(1, HEADERS));
        engine.receive(make.data(1, Buffer.alloc(15_000)));
        for (const frame of attack.fine(make, version)) engine.receive(frame);
        const early = handler.streamErrors.filter((error) => error.code === code);
        if (status !== null) expect(early).to.deep.equal([]);
        expect(handler.sessionErrors).to.deep.equal([]);
        if (limit !== 'maxQueuedReplies') engine.pull();
        handler.streamErrors.length = 0;

        engine.receive(attack.tooMuch(make, version));
        const frames = decodeFrames(version, engine.pull() as Buffer).map(({ frame }) => frame);
        const last = frames.at(-1);
        if (status === null) {
          expect(handler.sessionErrors[0]).to.include({ code, by: 'peer', status: PROTOCOL_ERROR });
          expect(last?.type).to.equal('GOAWAY');
          expect([engine.wantRead(), engine.wantWrite()]).to.deep.equal([false, false]);
          expect(handler.closed.get(1)).to.include({ code });
        } else {
          const sent = version.extendedStatus || status <= 7 ? status : PROTOCOL_ERROR;
          expect(handler.streamErrors[0]).to.include({ code, by: 'peer', status: sent });
          expect(last).to.include({ type: 'RST_STREAM', status: sent });
          engine.receive(make.data(1, 'more', 1));
          engine.submitResponse(1, HEADERS);
          engine.pull();
          expect(handler.closed.get(1)).to.equal(null);
          expect(handler.body(1)).to.have.lengthOf(15_004);
        }
      }
    });

    if (!exists(SPDY3_1)) continue;
    it(
      `${limit}: other ${status === null ? 'sessions' : 'streams and sessions'} are not harmed when it ${outcome} ${proves.startsWith('(') ? '' : proves}`.trim(),
      async () => {
        const target = new Target(SPDY3_1, options, attack.level);
        const other = healthySession(SPDY3_1);
        target.beginHealthyStream();
        const { make } = target;
        target.peer.send(...attack.fine(make, SPDY3_1), attack.tooMuch(make, SPDY3_1));
        if (status === null) {
          await closed(target.session);
          expect(target.errors).to.have.lengthOf(1);
          expect(target.errors[0]).to.include({ code });
          expect(target.peer.frames.at(-1)?.frame).to.include({ type: 'GOAWAY', status: 1 });
        } else {
          await until(() => target.peer.names.includes('RST_STREAM'));
          expect(await target.endHealthyStream()).to.equal(true);
          expect(target.errors).to.deep.equal([]);
          target.session.destroy();
        }
        await other;
      },
    );
  }

  it('maxOutstandingPings: no more PINGs than that wait for a peer that answers none', () => {
    const { engine } = createEnd(CLIENT, SPDY3_1.id, { maxOutstandingPings: 2 });
    engine.submitPing();
    engine.pull();
    engine.submitPing();
    expect(() => engine.submitPing()).to.throw('2 PINGs are already waiting');
    engine.receive(new FrameFactory(SPDY3_1).ping(1));
    engine.submitPing();
    expect(() => engine.submitPing()).to.throw('2 PINGs are already waiting');
  });
});
