import { expect } from 'chai';
import { FrameLog, timeStamp } from '../../lib/cli/frame-log.ts';
import { painter, visible } from '../../lib/cli/terminal.ts';
import { PROTO_SPDY3, SERVER, SYN_STREAM } from '../../lib/protocol/constants.ts';
import type { ControlFrame } from '../../lib/protocol/frames.ts';
import { Session } from '../../lib/session/session.ts';

const plain = painter({});

function logged(
  use: (log: FrameLog) => void,
  options: { readonly json?: boolean; readonly connection?: number; readonly color?: boolean } = {},
): string {
  let text = '';
  const { color = false, ...rest } = options;
  const write = (piece: string): void => {
    text += piece;
  };
  use(new FrameLog({ write, paint: color ? painter({}, true) : plain, now: () => 4.9, ...rest }));
  return text;
}

const head = { version: 3, flags: 0, length: 12 } as const;

describe('frame log', () => {
  const frames: [ControlFrame, string][] = [
    [
      {
        ...head,
        type: SYN_STREAM,
        flags: 1,
        streamId: 1,
        associatedToStreamId: 0,
        priority: 3,
        slot: 0,
        headers: [
          [':method', 'GET'],
          ['accept', '*/*'],
        ],
      },
      'SYN_STREAM frame <version=3, flags=1, length=12>\n          (stream_id=1, assoc_stream_id=0, pri=3)\n          :method: GET\n          accept: */*\n',
    ],
    [
      { ...head, type: 2, streamId: 1, headers: [[':status', '200 OK']] },
      'SYN_REPLY frame <version=3, flags=0, length=12>\n          (stream_id=1)\n          :status: 200 OK\n',
    ],
    [
      { ...head, type: 8, streamId: 1, headers: [] },
      'HEADERS frame <version=3, flags=0, length=12>\n          (stream_id=1)\n',
    ],
    [
      { ...head, type: 3, streamId: 5, status: 6 },
      'RST_STREAM frame <version=3, flags=0, length=12>\n          (stream_id=5, status_code=6)\n',
    ],
    [
      { ...head, type: 4, entries: [{ id: 4, flags: 0, value: 100 }] },
      'SETTINGS frame <version=3, flags=0, length=12>\n          (niv=1)\n          [4(0):100]\n',
    ],
    [
      { ...head, type: 6, id: 1 },
      'PING frame <version=3, flags=0, length=12>\n          (unique_id=1)\n',
    ],
    [
      { ...head, type: 7, lastGoodStreamId: 0, status: 0 },
      'GOAWAY frame <version=3, flags=0, length=12>\n          (last_good_stream_id=0)\n',
    ],
    [
      { ...head, type: 9, streamId: 0, delta: 983040 },
      'WINDOW_UPDATE frame <version=3, flags=0, length=12>\n          (stream_id=0, delta_window_size=983040)\n',
    ],
    [{ ...head, type: 5 }, 'NOOP frame <version=3, flags=0, length=12>\n'],
    [
      { ...head, type: 10, slot: 1, proof: Buffer.alloc(0), certificates: [] },
      'CREDENTIAL frame <version=3, flags=0, length=12>\n          (slot=1, certificates=0)\n',
    ],
  ];
  for (const [frame, expected] of frames) {
    it(`shows ${expected.split(' ')[0]} as Spdylay does`, () => {
      expect(logged((log) => log.control('recv', frame))).to.equal(`[  0.004] recv ${expected}`);
      const sent = logged((log) => log.control('send', frame), { connection: 7 });
      expect(sent).to.equal(`[id=7] [  0.004] send ${expected}`);
    });
  }

  it('shows DATA, invalid frames and notes', () => {
    expect(logged((log) => log.data('recv', 1, 1, 0))).to.equal(
      '[  0.004] recv DATA frame (stream_id=1, flags=1, length=0)\n',
    );
    const ping: ControlFrame = { ...head, type: 6, id: 1 };
    expect(logged((log) => log.control('recv', ping, 1))).to.equal(
      '[  0.004] [INVALID; status=PROTOCOL_ERROR] recv PING frame <version=3, flags=0, length=12>\n          (unique_id=1)\n',
    );
    expect(logged((log) => log.note('closed', ['why']))).to.equal(
      '[  0.004] closed\n          why\n',
    );
  });

  it('shows what is no frame, and unknown ones, with their bytes', async () => {
    let text = '';
    const write = (piece: string): void => {
      text += piece;
    };
    const session = new Session(SERVER, PROTO_SPDY3);
    session.on('error', () => {});
    session.resume();
    new FrameLog({ write, paint: plain, now: () => 1234567 }).watch(session);
    session.write(Buffer.from([0x80, 3, 0, 77, 0, 0, 0, 1, 0]));
    session.write(Buffer.from([0x80, 3, 0, 6, 0, 0, 0, 1, 0xab]));
    await new Promise((next) => setImmediate(next));
    session.destroy();
    expect(text).to.include(
      '[1234.567] recv unknown frame\n          Header dump: 80 03 00 4D 00 00 00 01',
    );
    expect(text).to.match(
      /\[1234\.567\] \[PARSE_ERROR\] recv PING frame\n {10}Error: \S.*\n {10}Header dump: 80 03 00 06 00 00 00 01/,
    );
  });

  it('has colours: yellow times, magenta sent and cyan received names, blue header names', () => {
    const frame: ControlFrame = { ...head, type: 2, streamId: 1, headers: [['a', 'b']] };
    const sent = logged((log) => log.control('send', frame), { color: true });
    expect(sent).to.include('\x1b[33m[  0.004]\x1b[39m send \x1b[35mSYN_REPLY\x1b[39m frame');
    expect(sent).to.include('\x1b[34ma\x1b[39m: b');
    const received = logged((log) => log.control('recv', frame), { color: true });
    expect(received).to.include('\x1b[36mSYN_REPLY\x1b[39m');
  });

  it('is JSON, a line for each frame, if asked to', () => {
    const lines = logged(
      (log) => {
        log.control('recv', { ...head, type: 6, id: 1 }, 1);
        log.data('send', 1, 3, 5);
        log.note('closed');
      },
      { json: true, connection: 2 },
    ).split('\n');
    expect(lines.slice(0, 3).map((line) => JSON.parse(line) as unknown)).to.deep.equal([
      {
        time: 0.005,
        connection: 2,
        direction: 'recv',
        invalid: 'PROTOCOL_ERROR',
        version: 3,
        flags: 0,
        length: 12,
        type: 'PING',
        id: 1,
      },
      {
        time: 0.005,
        connection: 2,
        direction: 'send',
        flags: 1,
        streamId: 3,
        length: 5,
        type: 'DATA',
      },
      { time: 0.005, connection: 2, note: 'closed', details: [] },
    ]);
  });

  it('does not let the peer command the terminal', () => {
    const frame: ControlFrame = {
      ...head,
      type: 2,
      streamId: 1,
      headers: [['a\x1b]0;x', 'b\x9b2J\n[  0.001] recv']],
    };
    const text = logged((log) => log.control('recv', frame));
    expect(text).to.include('a\\x1b]0;x: b\\x9b2J\\x0a[  0.001] recv\n');
    expect(visible('plain é')).to.equal('plain é');
  });

  it('has time stamps of seconds, right-aligned', () => {
    expect([timeStamp(0), timeStamp(12345.9), timeStamp(999999), timeStamp(1e7)]).to.deep.equal([
      '[  0.000]',
      '[ 12.345]',
      '[999.999]',
      '[10000.000]',
    ]);
  });
});

describe('painter', () => {
  it('paints on terminals, unless NO_COLOR is set, and wherever it is demanded', () => {
    const { NO_COLOR: former } = process.env;
    const set = (value: string | undefined): void => {
      if (value === undefined) Reflect.deleteProperty(process.env, 'NO_COLOR');
      else Object.assign(process.env, { NO_COLOR: value });
    };
    try {
      set(undefined);
      expect(painter({ isTTY: true })('red', 'x')).to.equal('\x1b[31mx\x1b[39m');
      expect(painter({ isTTY: false })('red', 'x')).to.equal('x');
      set('1');
      expect(painter({ isTTY: true })('red', 'x')).to.equal('x');
      expect(painter({}, true)('red', 'x')).to.equal('\x1b[31mx\x1b[39m');
    } finally {
      set(former);
    }
  });
});
