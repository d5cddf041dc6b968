import { expect } from 'chai';
import { SPDY2, SPDY3, SPDY3_1 } from '../../../../lib/protocol/version.ts';
import { ConnectionCheck } from '../../../../lib/tools/dump/decode/connection-check.ts';
import type { FrameFacts } from '../../../../lib/tools/dump/decode/control-reader.ts';
import type { DumpDirection } from '../../../../lib/tools/dump/events.ts';

type Step = readonly [
  direction: DumpDirection,
  type: string,
  stream: number,
  facts?: Partial<FrameFacts>,
];

const FIN = { flags: ['FIN'] };

/** What is said of the last of the frames; of those before it nothing may be. */
function warningsOf(steps: readonly Step[], options = {}): string[] {
  const all = see(steps, options);
  for (const { facts } of all.slice(0, -1)) expect(facts.warnings).to.deep.equal([]);
  return all.at(-1)?.facts.warnings ?? [];
}

function see(steps: readonly Step[], options = {}): { facts: FrameFacts; windows: object }[] {
  const check = new ConnectionCheck({ version: SPDY3_1, sure: true, complete: true, ...options });
  return steps.map(([direction, type, stream, given]) => {
    const facts = { type, stream, flags: [], length: 0, warnings: [], ...given };
    return { windows: check.see(direction, facts), facts };
  });
}

const OPEN: Step = ['c2s', 'SYN_STREAM', 1];
const REPLY: Step = ['s2c', 'SYN_REPLY', 1];
const data = (direction: DumpDirection, length: number, stream = 1): Step => [
  direction,
  'DATA',
  stream,
  { length },
];
const update = (direction: DumpDirection, stream: number, delta: number): Step => [
  direction,
  'WINDOW_UPDATE',
  stream,
  { fields: { delta } },
];
const settings = (direction: DumpDirection, id: number, value: number): Step => [
  direction,
  'SETTINGS',
  0,
  { fields: { entries: [{ id, flags: 0, value }] } },
];
const goaway = (direction: DumpDirection, lastGoodStreamId: number): Step => [
  direction,
  'GOAWAY',
  0,
  { fields: { lastGoodStreamId, status: 0 } },
];

describe('ConnectionCheck', () => {
  const wrong: readonly [string, readonly Step[], string][] = [
    ['DATA behind FIN', [OPEN, ['c2s', 'DATA', 1, FIN], data('c2s', 1)], 'DATA behind FIN'],
    [
      'headers behind FIN',
      [OPEN, REPLY, ['s2c', 'DATA', 1, FIN], ['s2c', 'HEADERS', 1]],
      'HEADERS behind FIN',
    ],
    [
      'DATA behind an own reset',
      [OPEN, ['c2s', 'RST_STREAM', 1], data('c2s', 1)],
      'DATA behind an own RST_STREAM',
    ],
    [
      'DATA that crosses a reset',
      [OPEN, REPLY, ['c2s', 'RST_STREAM', 1], data('s2c', 1)],
      'late: the other side has reset the stream',
    ],
    [
      'a second reset',
      [OPEN, ['c2s', 'RST_STREAM', 1], ['c2s', 'RST_STREAM', 1]],
      'a second RST_STREAM',
    ],
    ['DATA for no stream', [data('c2s', 1, 0)], 'DATA for stream 0'],
    [
      'a stream that nobody opened',
      [OPEN, ['s2c', 'SYN_REPLY', 3]],
      'SYN_REPLY for a stream that nobody has opened',
    ],
    ['stream 0 opened', [['c2s', 'SYN_STREAM', 0]], 'SYN_STREAM for stream 0'],
    [
      'an even id of a client',
      [['c2s', 'SYN_STREAM', 2]],
      'a client opens a stream with an even id',
    ],
    ['an odd id of a server', [['s2c', 'SYN_STREAM', 1]], 'a server opens a stream with an odd id'],
    [
      'ids that fall',
      [
        ['c2s', 'SYN_STREAM', 5],
        ['c2s', 'SYN_STREAM', 3],
      ],
      'stream ids must rise: 3 comes behind 5',
    ],
    ['a second reply', [OPEN, REPLY, REPLY], 'a second SYN_REPLY'],
    [
      'a reply of the opener',
      [OPEN, ['c2s', 'SYN_REPLY', 1]],
      'SYN_REPLY by the side that has opened the stream',
    ],
    ['DATA before the reply', [OPEN, data('s2c', 1)], 'DATA before SYN_REPLY'],
    [
      'a stream behind an own GOAWAY',
      [goaway('c2s', 0), OPEN],
      'a new stream behind an own GOAWAY',
    ],
    [
      'a stream behind a GOAWAY',
      [goaway('s2c', 0), OPEN],
      "late: the other side's GOAWAY refuses this stream",
    ],
    [
      'too many streams',
      [settings('s2c', 4, 1), OPEN, ['c2s', 'SYN_STREAM', 3]],
      'more streams at once than the 1 that the other side allows',
    ],
    [
      'a stream window',
      [OPEN, update('s2c', 0, 9e6), data('c2s', 65536), data('c2s', 3)],
      'the window of the stream is overrun by 3 bytes',
    ],
    [
      'a session window',
      [OPEN, update('s2c', 1, 9e6), data('c2s', 65536), data('c2s', 4)],
      'the session window is overrun by 4 bytes',
    ],
    ['an empty update', [OPEN, update('s2c', 1, 0)], 'WINDOW_UPDATE of 0 bytes'],
    [
      'a window that is too large',
      [OPEN, update('s2c', 1, 0x7fffffff)],
      'a window of 2147549183 bytes',
    ],
    [
      'a session window that is too large',
      [OPEN, update('s2c', 0, 0x7fffffff)],
      'a window of 2147549183 bytes',
    ],
  ];
  for (const [name, steps, text] of wrong) {
    it(`warns of ${name}`, () => expect(warningsOf(steps)).to.deep.equal([text]));
  }

  const right: readonly [string, readonly Step[]][] = [
    [
      'streams one after the other',
      [
        settings('s2c', 4, 1),
        ['c2s', 'SYN_STREAM', 1, FIN],
        ['s2c', 'SYN_REPLY', 1, FIN],
        ['c2s', 'SYN_STREAM', 3],
      ],
    ],
    [
      'pushes',
      [
        OPEN,
        ['s2c', 'SYN_STREAM', 2, { flags: ['UNIDIRECTIONAL'] }],
        ['s2c', 'HEADERS', 2],
        ['s2c', 'DATA', 2, FIN],
      ],
    ],
    [
      'windows that are used to the last byte',
      [
        OPEN,
        data('c2s', 65536),
        update('s2c', 0, 5),
        update('s2c', 1, 5),
        data('c2s', 5),
        data('c2s', 0),
      ],
    ],
    ['what was under way when a window shrank', [OPEN, settings('s2c', 7, 10), data('c2s', 65536)]],
    [
      'windows that grow for all streams',
      [settings('s2c', 7, 10), OPEN, data('c2s', 10), settings('s2c', 7, 20), data('c2s', 10)],
    ],
    [
      'an update behind FIN and a reset',
      [
        OPEN,
        REPLY,
        ['s2c', 'DATA', 1, FIN],
        update('s2c', 1, 5),
        ['s2c', 'RST_STREAM', 1],
        update('s2c', 1, 5),
      ],
    ],
    ['PING', [['c2s', 'PING', 0]]],
    ['an update that could not be read', [['c2s', 'WINDOW_UPDATE', 0]]],
    ['a reset of a stream that is forgotten', [OPEN, ['c2s', 'RST_STREAM', 1]]],
  ];
  for (const [name, steps] of right) {
    it(`has nothing against ${name}`, () => expect(warningsOf(steps)).to.deep.equal([]));
  }

  it('warns of an overrun once, and again behind a new window', () => {
    const steps = [
      OPEN,
      data('c2s', 65537),
      data('c2s', 1),
      update('s2c', 0, 9),
      update('s2c', 1, 9),
      data('c2s', 90),
    ];
    expect(see(steps).map(({ facts }) => facts.warnings.length)).to.deep.equal([0, 2, 0, 0, 0, 2]);
  });

  it('tells windows behind DATA and WINDOW_UPDATE', () => {
    const steps = [OPEN, data('c2s', 6), update('s2c', 1, 4), update('s2c', 0, 1)];
    expect(see(steps).map(({ windows }) => windows)).to.deep.equal([
      {},
      { window: 65530, sessionWindow: 65530 },
      { window: 65534, sessionWindow: 65530 },
      { window: null, sessionWindow: 65531 },
    ]);
    const third = see(steps.slice(0, 3), { version: SPDY3 }).map(({ windows }) => windows);
    expect(third[1]).to.deep.equal({ window: 65530, sessionWindow: null });
    expect(see(steps.slice(0, 2), { version: SPDY2 })[1]?.windows).to.deep.equal({});
  });

  it('judges no session window of what may be SPDY/3, until one is seen', () => {
    const overrun = [OPEN, update('s2c', 1, 9e6), data('c2s', 65537)];
    expect(warningsOf(overrun, { sure: false })).to.deep.equal([]);
    const seen = [OPEN, update('s2c', 0, 1), update('s2c', 1, 9e6), data('c2s', 65538)];
    expect(warningsOf(seen, { sure: false })).to.have.length(1);
  });

  it('judges no windows, and no stream that it has not seen, where frames may be missing', () => {
    const steps = [OPEN, data('c2s', 65537), data('s2c', 9, 7)];
    const all = see(steps, { complete: false });
    expect(all.map(({ facts }) => facts.warnings)).to.deep.equal([[], [], []]);
    expect(all[1]?.windows).to.deep.equal({});
  });

  it('watches so many open streams at once, and forgets the oldest', () => {
    const steps = Array.from(
      { length: 20_000 },
      (_, index): Step => ['c2s', 'SYN_STREAM', 2 * index + 1, FIN],
    );
    const [oldest, newest] = see([...steps, ['c2s', 'DATA', 1], ['c2s', 'DATA', 39_999]]).slice(-2);
    expect(oldest?.facts.warnings).to.deep.equal([]);
    expect(newest?.facts.warnings).to.deep.equal(['DATA behind FIN']);
  });

  it('remembers ended streams for a while', () => {
    const many = Array.from({ length: 5000 }, (_, index): Step[] => [
      ['c2s', 'SYN_STREAM', 2 * index + 1, FIN],
      ['s2c', 'SYN_REPLY', 2 * index + 1, FIN],
    ]).flat();
    const late = (stream: number): string[] | undefined =>
      see([...many, ['s2c', 'DATA', stream, { length: 1 }]]).at(-1)?.facts.warnings;
    expect(late(9999)).to.deep.equal(['DATA behind FIN']);
    expect(late(1)).to.deep.equal([]);
  });
});
