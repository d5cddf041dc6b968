import { expect } from 'chai';
import type { DumpEvent, DumpFrame } from '../../../lib/tools/dump/events.ts';
import { DumpText } from '../../../lib/tools/dump/frame-text.ts';

const HEAD = { connection: 1, time: 1000 } as const;

function frame(facts: Partial<DumpFrame>): DumpFrame {
  return {
    ...HEAD,
    event: 'frame',
    number: 1,
    direction: 'c2s',
    offset: 8,
    type: 'DATA',
    stream: 1,
    flags: [],
    length: 3,
    warnings: [],
    ...facts,
  };
}

/** What stands behind the length. */
function summaryOf(facts: Partial<DumpFrame>): string {
  return new DumpText().of(frame(facts)).slice(52).trim();
}

const REQUEST = [
  [':method', 'GET'],
  [':scheme', 'https'],
  [':host', 'a.org'],
  [':path', '/x\x1b[2J'],
] as const;

describe('DumpText', () => {
  it('has a line for each frame, with warnings below it', () => {
    const text = new DumpText();
    expect(text.of(frame({ flags: ['FIN'], warnings: ['too late'] }))).to.equal(
      '     1   0.000000 #1 C>S DATA              1      3 FIN\n        ! too late\n',
    );
    const later = frame({
      number: 12,
      time: 2234.5,
      direction: 's2c',
      stream: 0,
      type: 'PING',
      fields: { id: 4 },
    });
    expect(text.of(later)).to.equal('    12   1.234500 #1 S>C PING              -      3 id 4\n');
    expect(new DumpText().of(frame({ time: null }))).to.match(/^ {5}1 +- #1/);
  });

  it('says in a few words what a frame is about', () => {
    expect(summaryOf({ headers: REQUEST, headerBytes: { compressed: 5, plain: 9 } })).to.equal(
      'GET https://a.org/x\\x1b[2J (9 -> 5)',
    );
    expect(
      summaryOf({
        headers: [
          [':method', 'GET'],
          [':path', '/'],
        ],
      }),
    ).to.equal('GET /');
    expect(summaryOf({ headers: [[':status', '200 OK']] })).to.equal('200 OK');
    expect(summaryOf({ headers: REQUEST.slice(1), fields: { associatedToStreamId: 1 } })).to.match(
      /^https:.*for stream 1$/,
    );
    expect(summaryOf({ headers: [['streamtype', 'error']] })).to.equal('streamtype=error');
    expect(summaryOf({ type: 'RST_STREAM', fields: { status: 5 } })).to.equal('CANCEL');
    expect(summaryOf({ type: 'RST_STREAM', fields: { status: 99 } })).to.equal('status 99');
    expect(summaryOf({ type: 'GOAWAY', fields: { lastGoodStreamId: 7, status: 2 } })).to.equal(
      'last stream 7 INTERNAL_ERROR',
    );
    const entries = [
      { id: 4, flags: 0, value: 100 },
      { id: 77, flags: 0, value: 1 },
    ];
    expect(summaryOf({ type: 'SETTINGS', fields: { entries } })).to.equal(
      'MAX_CONCURRENT_STREAMS=100 77=1',
    );
    expect(summaryOf({ type: 'WINDOW_UPDATE', fields: { delta: 9 }, window: 5 })).to.equal(
      '+9 window 5',
    );
    expect(
      summaryOf({
        type: 'WINDOW_UPDATE',
        stream: 0,
        fields: { delta: 9 },
        window: null,
        sessionWindow: 7,
      }),
    ).to.equal('+9 window 7');
    expect(summaryOf({ window: null, missing: 4 })).to.equal('4 bytes missing');
  });

  it('shows all fields and headers with details', () => {
    const text = new DumpText({ details: true });
    const entries = [{ id: 7, flags: 1, value: 5 }];
    const lines = [
      frame({
        headers: REQUEST,
        headerBytes: { compressed: 5, plain: 9 },
        fields: { priority: 3 },
      }),
      frame({ type: 'SETTINGS', fields: { entries } }),
      frame({ window: 5, sessionWindow: null, offset: null }),
      frame({
        type: 'RST_STREAM',
        fields: { status: 1 },
        headerBytes: { compressed: 1, plain: 0 },
      }),
    ].map((one) =>
      text
        .of(one)
        .split('\n')
        .slice(1, -1)
        .map((line) => line.trim()),
    );
    expect(lines).to.deep.equal([
      [
        'offset 8, 11 bytes with the frame header',
        'priority 3',
        'header block 5 bytes, 9 inflated',
        ':method: GET',
        ':scheme: https',
        ':host: a.org',
        ':path: /x\\x1b[2J',
      ],
      ['offset 8, 11 bytes with the frame header', 'INITIAL_WINDOW_SIZE (7) flags 1: 5'],
      ['window of the stream 5, of the session none'],
      [
        'offset 8, 11 bytes with the frame header',
        'status 1 PROTOCOL_ERROR',
        'header block 1 bytes',
      ],
    ]);
  });

  it('has a line for everything else', () => {
    const events: readonly [DumpEvent, string][] = [
      [
        {
          ...HEAD,
          event: 'connection',
          client: 'a:1',
          server: 'b:2',
          version: 'spdy/3',
          opening: 'GET /\n',
        },
        '#1 a:1 > b:2 spdy/3, GET /\\x0a\n',
      ],
      [
        {
          ...HEAD,
          event: 'connection',
          client: null,
          server: 'b:2',
          version: 'spdy/2',
          opening: null,
        },
        '#1 ? > b:2 spdy/2\n',
      ],
      [
        {
          ...HEAD,
          event: 'connection',
          client: null,
          server: null,
          version: 'spdy/2',
          opening: null,
        },
        '#1 spdy/2\n',
      ],
      [
        { ...HEAD, event: 'note', direction: 's2c', offset: 5, text: 'no' },
        '#1 S>C at byte 5: no\n',
      ],
      [{ ...HEAD, event: 'note', direction: null, offset: null, text: 'no' }, '#1 no\n'],
      [
        { ...HEAD, event: 'end', direction: 'c2s', reset: false, bytes: 5 },
        '#1 C>S ended, 5 bytes\n',
      ],
      [
        { ...HEAD, event: 'end', direction: 's2c', reset: true, bytes: 5 },
        '#1 S>C was reset, 5 bytes\n',
      ],
    ];
    for (const [event, line] of events) expect(new DumpText().of(event)).to.equal(line);
    const exchange = {
      method: 'GET',
      url: 'http://a/',
      version: 'spdy/3',
      status: 200,
      duration: 5,
      bytes: 9,
    };
    expect(new DumpText().of({ ...HEAD, event: 'exchange', ...exchange })).to.equal(
      '#1   0.000000 GET http://a/ 200 spdy/3, 5.0 ms, 9 bytes\n',
    );
    expect(new DumpText().of({ ...HEAD, event: 'exchange', ...exchange, bytes: -1 })).to.match(
      /5\.0 ms\n$/,
    );
    const blocked = { ...exchange, url: `data:,${'x'.repeat(2000)}`, status: 0 };
    expect(new DumpText().of({ ...HEAD, event: 'exchange', ...blocked })).to.match(
      /GET data:,x{994}\.\.\. no answer, 5\.0 ms/,
    );
  });

  it('has colours if it is given some', () => {
    const text = new DumpText({ paint: (color, part) => `<${color} ${part.trim()}>` });
    expect(text.of(frame({ warnings: ['w'] })))
      .to.include('<magenta DATA>')
      .and.include('<red ! w>');
    expect(text.of(frame({ direction: 's2c' }))).to.include('<cyan DATA>');
  });
});
