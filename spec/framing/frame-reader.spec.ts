import { expect } from 'chai';
import type { ErrorCode } from '../../lib/errors.ts';
import { type FrameLimits, FrameReader } from '../../lib/framing/frame-reader.ts';
import * as constants from '../../lib/protocol/constants.ts';
import type { HeaderList } from '../../lib/protocol/frames.ts';
import {
  PROTOCOL_VERSIONS,
  type ProtocolVersion,
  SPDY2,
  SPDY3,
  SPDY3_1,
} from '../../lib/protocol/version.ts';
import { FrameFactory, rawControlFrame, rawDataFrame, uint32 } from '../support/frame-factory.ts';
import { CUTS, type Cut, shred, WHOLE } from '../support/shred.ts';
import { LIMITS, makeReader, RecordingSink, type Report, readAll } from './recording-sink.ts';

const HEADERS_OF_TEST: HeaderList = [
  ['name', 'value'],
  ['other', 'thing'],
];

/** A PING and its report: it shows that the reader is still in step. */
const PING_ID = 0x01020304;

function ping(version: ProtocolVersion): Buffer {
  return new FrameFactory(version).ping(PING_ID);
}

function pingReport(version: ProtocolVersion): Report {
  const { wire } = version;
  return {
    call: 'control',
    frame: { version: wire, flags: 0, length: 4, type: constants.PING, id: PING_ID },
  };
}

/** Reads the bytes under each cut, checks that the reports are the same, and returns them. */
function read(
  version: ProtocolVersion,
  bytes: Buffer,
  limits: Partial<FrameLimits> = {},
): Report[] {
  const [first, ...others] = CUTS.map(([, cut]) => readAll(version, bytes, cut, limits));
  for (const reports of others) expect(reports).to.deep.equal(first);
  return first as Report[];
}

/** Like `read`, with a PING behind, whose report must follow; returns the reports before it. */
function readInStep(
  version: ProtocolVersion,
  bytes: Buffer,
  limits: Partial<FrameLimits> = {},
): Report[] {
  const reports = read(version, Buffer.concat([bytes, ping(version)]), limits);
  expect(reports.pop()).to.deep.equal(pingReport(version));
  return reports;
}

/** Checks that the bytes are one frame that ends reading, and returns its payload as reported. */
function expectParseError(
  version: ProtocolVersion,
  bytes: Buffer,
  code: ErrorCode,
  message: RegExp,
  limits: Partial<FrameLimits> = {},
): string {
  const reports = read(version, Buffer.concat([bytes, ping(version)]), limits);
  expect(reports).to.have.length(1);
  const [report] = reports;
  if (report?.call !== 'parseError') throw new Error(`reported ${report?.call}`);
  expect(report.code).to.equal(code);
  expect(report.message).to.match(message);
  expect(report.type).to.equal(bytes.readUInt16BE(2));
  expect(report.head).to.equal(bytes.toString('hex', 0, 8));
  return report.payload;
}

function blockFrames(version: ProtocolVersion): [type: number, bytes: Buffer][] {
  const factory = new FrameFactory(version);
  return [
    [constants.SYN_STREAM, factory.synStream(1, HEADERS_OF_TEST)],
    [constants.SYN_REPLY, factory.synReply(1, HEADERS_OF_TEST)],
    [constants.HEADERS, factory.headers(1, HEADERS_OF_TEST)],
  ];
}

describe('framing/frame-reader', () => {
  for (const version of PROTOCOL_VERSIONS) {
    describe(version.name, () => {
      it('reads every frame under every cut (checklist 1, 2, 4, 5, 6)', () => {
        const factory = new FrameFactory(version);
        const open = factory.synStream(3, HEADERS_OF_TEST, {
          flags: 1,
          associatedToStreamId: 2,
          priority: version.lowestPriority,
          slot: 5,
        });
        const reply = factory.synReply(3, HEADERS_OF_TEST);
        const more = factory.headers(3, [], { flags: 1 });
        const bytes = Buffer.concat([
          open,
          reply,
          factory.data(3, 'payload', 1),
          factory.data(0, ''),
          more,
          factory.rstStream(3, 11),
          factory.settings([{ id: 4, flags: 1, value: 100 }], { flags: 1 }),
          factory.goaway(3, 2),
        ]);
        const { wire } = version;
        const head = { version: wire, flags: 0 };
        expect(readInStep(version, bytes)).to.deep.equal([
          {
            call: 'control',
            frame: {
              ...head,
              flags: 1,
              length: open.length - 8,
              type: constants.SYN_STREAM,
              streamId: 3,
              associatedToStreamId: 2,
              priority: version.lowestPriority,
              slot: version.hasSlot ? 5 : 0,
              headers: HEADERS_OF_TEST,
            },
          },
          {
            call: 'control',
            frame: {
              ...head,
              length: reply.length - 8,
              type: constants.SYN_REPLY,
              streamId: 3,
              headers: HEADERS_OF_TEST,
            },
          },
          { call: 'dataStart', streamId: 3, flags: 1, length: 7 },
          { call: 'data', bytes: 'payload' },
          { call: 'dataEnd' },
          { call: 'dataStart', streamId: 0, flags: 0, length: 0 },
          { call: 'dataEnd' },
          {
            call: 'control',
            frame: {
              ...head,
              flags: 1,
              length: more.length - 8,
              type: constants.HEADERS,
              streamId: 3,
              headers: [],
            },
          },
          {
            call: 'control',
            frame: { ...head, length: 8, type: constants.RST_STREAM, streamId: 3, status: 11 },
          },
          {
            call: 'control',
            frame: {
              ...head,
              flags: 1,
              length: 12,
              type: constants.SETTINGS,
              entries: [{ id: 4, flags: 1, value: 100 }],
            },
          },
          {
            call: 'control',
            frame: {
              ...head,
              length: version.goawayStatus ? 8 : 4,
              type: constants.GOAWAY,
              lastGoodStreamId: 3,
              status: version.goawayStatus ? 2 : 0,
            },
          },
        ]);
      });

      it('reads the same under every cut in two (checklist 5)', () => {
        const factory = new FrameFactory(version);
        const bytes = Buffer.concat([
          factory.synStream(1, HEADERS_OF_TEST),
          factory.settings([{ id: 1, flags: 0, value: 2 }]),
          factory.data(1, 'abc'),
        ]);
        const expected = readAll(version, bytes, WHOLE);
        for (let at = 1; at < bytes.length; at++) {
          const cut: Cut = { kind: 'offsets', at: [at] };
          expect(readAll(version, bytes, cut), `cut at ${at}`).to.deep.equal(expected);
        }
      });

      it('refuses wrong lengths as soon as they are known (checklist 50, 69, 83, 93, 117, 147, 158, 181)', () => {
        const wrong: [type: number, lengths: number[]][] = [
          [constants.SYN_STREAM, [0, 9]],
          [constants.SYN_REPLY, [0, version.replyFixedLength - 1]],
          [constants.HEADERS, [0, version.replyFixedLength - 1]],
          [constants.RST_STREAM, [0, 7, 9, 0xffffff]],
          [constants.SETTINGS, [0, 3, 5, 11, 0xffffff]],
          [constants.PING, [0, 3, 5, 8, 0xffffff]],
          [constants.GOAWAY, version.goawayStatus ? [0, 4, 7, 9] : [0, 3, 5, 7, 9]],
        ];
        if (version.streamWindows) wrong.push([constants.WINDOW_UPDATE, [0, 4, 7, 9, 0xffffff]]);
        for (const [type, lengths] of wrong) {
          for (const length of lengths) {
            // The payload need not come.
            const bytes = rawControlFrame({ version: version.wire, type, length });
            const payload = expectParseError(
              version,
              bytes,
              'ERR_SPDY_INVALID_FRAME',
              new RegExp(`type ${type} cannot have ${length} payload bytes`),
            );
            expect(payload).to.equal('');
          }
        }
      });

      it('takes the fixed part alone for zero pairs (checklist 51, 221)', () => {
        const { wire } = version;
        const open = rawControlFrame({
          version: wire,
          type: constants.SYN_STREAM,
          payload: Buffer.concat([uint32(1, 0), Buffer.alloc(2)]),
        });
        const rest = Buffer.alloc(version.replyFixedLength - 4);
        const reply = rawControlFrame({
          version: wire,
          type: constants.SYN_REPLY,
          payload: Buffer.concat([uint32(1), rest]),
        });
        const reports = readInStep(version, Buffer.concat([open, reply]));
        expect(reports).to.have.length(2);
        for (const report of reports) {
          expect(report.call).to.equal('control');
          expect(report).to.have.nested.property('frame.headers.length', 0);
        }
      });

      it('refuses a SETTINGS count that the length does not match (checklist 117, 118)', () => {
        for (const count of [0, 2, 0x20000001, 0xffffffff]) {
          const bytes = new FrameFactory(version).settings([{ id: 4, flags: 0, value: 1 }], {
            count,
          });
          const payload = expectParseError(version, bytes, 'ERR_SPDY_INVALID_FRAME', /announces/);
          expect(payload).to.equal(bytes.toString('latin1', 8));
        }
      });

      it('bounds SETTINGS by bytes and by entries', () => {
        const frame = (count: number): Buffer =>
          new FrameFactory(version).settings(
            Array.from({ length: count }, (_, index) => ({ id: index, flags: 0, value: 0 })),
          );
        expect(readInStep(version, frame(64))).to.have.length(1);
        const code = 'ERR_SPDY_TOO_MANY_SETTINGS';
        expect(expectParseError(version, frame(65), code, /of 524 bytes/)).to.equal('');
        const limits = { maxControlFrameSize: 8192, maxSettingsEntries: 1e6 };
        expect(readInStep(version, frame(1023), limits)).to.have.length(1);
        expectParseError(version, frame(1024), code, /of 8196 bytes/, limits);
      });

      it('reports unknown types with their payload and goes on (checklist 10)', () => {
        for (const type of [0, 11, 255, 0xf000, 0xffff]) {
          for (const wire of [version.wire, 0, 1, 4, 0x7fff]) {
            for (const payload of ['', 'x', 'payload'.repeat(100)]) {
              const bytes = rawControlFrame({
                version: wire,
                type,
                flags: 0xff,
                payload: Buffer.from(payload),
              });
              expect(readInStep(version, bytes)).to.deep.equal([
                { call: 'unknown', head: bytes.toString('hex', 0, 8), payload },
              ]);
            }
          }
        }
      });

      it('reports an unknown frame above the limit without its payload (checklist 11)', () => {
        const limits = { maxControlFrameSize: 100 };
        const frame = (length: number): Buffer =>
          rawControlFrame({
            version: version.wire,
            type: 99,
            payload: Buffer.alloc(length, 'x'),
          });
        const [small] = readInStep(version, frame(100), limits);
        expect(small).to.have.property('payload').with.length(100);
        const [large] = readInStep(version, frame(101), limits);
        expect(large).to.have.property('payload').with.length(0);
        expect(large).to.have.property('head', frame(101).toString('hex', 0, 8));
      });

      it('skips 16 MiB of an unknown type without keeping them (checklist 11)', () => {
        const { reader, sink } = makeReader(version);
        reader.read(rawControlFrame({ version: version.wire, type: 77, length: 0xffffff }));
        const chunk = Buffer.alloc(65535);
        const before = process.memoryUsage().arrayBuffers;
        for (let left = 0xffffff; left > 0; left -= chunk.length) {
          expect(sink.reports).to.have.length(0);
          reader.read(chunk.subarray(0, left));
        }
        expect(process.memoryUsage().arrayBuffers - before).to.be.below(1_000_000);
        expect(sink.reports).to.have.length(1);
      });

      it('reports a known type of another version: blockless frames are skipped first (checklist 15, 16)', () => {
        for (const wire of [0, 1, 5 - version.wire, 4, 0x7fff]) {
          for (const [type, length] of [
            [constants.RST_STREAM, 8],
            [constants.SETTINGS, 12],
            [constants.PING, 0],
            [constants.PING, 300],
            [constants.GOAWAY, 1],
          ] as const) {
            const payload = Buffer.alloc(length);
            const bytes = rawControlFrame({ version: wire, type, payload });
            expect(readInStep(version, bytes)).to.deep.equal([
              { call: 'wrongVersion', type, version: wire, streamId: 0 },
            ]);
          }
        }
      });

      it('reports the id of a SYN_STREAM of another version (checklist 17)', () => {
        const wire = 5 - version.wire;
        const payload = Buffer.concat([uint32(0x80000007), Buffer.alloc(20, 0xee)]);
        const type = constants.SYN_STREAM;
        const bytes = rawControlFrame({ version: wire, type, payload });
        const expected: Report = { call: 'wrongVersion', type, version: wire, streamId: 7 };
        expect(readInStep(version, bytes)).to.deep.equal([expected]);
        // It does not wait for more than the id.
        expect(read(version, bytes.subarray(0, 12))).to.deep.equal([expected]);
        expect(read(version, bytes.subarray(0, 11))).to.deep.equal([]);
        expectParseError(
          version,
          rawControlFrame({ version: wire, type, payload: Buffer.alloc(9) }),
          'ERR_SPDY_INVALID_FRAME',
          /cannot have 9/,
        );
      });

      it('reports a SYN_REPLY or HEADERS of another version at once (checklist 18)', () => {
        const wire = 5 - version.wire;
        for (const type of [constants.SYN_REPLY, constants.HEADERS]) {
          for (const length of [0, 3, 30]) {
            const bytes = rawControlFrame({ version: wire, type, payload: Buffer.alloc(length) });
            const expected: Report = { call: 'wrongVersion', type, version: wire, streamId: 0 };
            expect(readInStep(version, bytes)).to.deep.equal([expected]);
            expect(read(version, bytes.subarray(0, 8))).to.deep.equal([expected]);
          }
        }
      });

      it('ignores reserved bits and keeps undefined flags (checklist 13, 14)', () => {
        const factory = new FrameFactory(version);
        const bytes = Buffer.concat([
          factory.rstStream(0x80000005, 1, { flags: 0xfc }),
          factory.synReply(0x80000007, [], { flags: 0xff }),
        ]);
        const reports = readInStep(version, bytes);
        expect(reports[0]).to.have.nested.property('frame.streamId', 5);
        expect(reports[0]).to.have.nested.property('frame.flags', 0xfc);
        expect(reports[1]).to.have.nested.property('frame.streamId', 7);
        expect(reports[1]).to.have.nested.property('frame.flags', 0xff);
      });

      it('accepts control frames of 8192 bytes, and above if allowed (checklist 7)', () => {
        for (const limit of [8192, 65536]) {
          const factory = new FrameFactory(version, { level: 0 });
          const headers: HeaderList = [['x', 'v'.repeat(limit - 100)]];
          const bytes = factory.synStream(1, headers);
          expect(bytes.length).to.be.within(limit - 100, limit);
          const limits = { maxControlFrameSize: limit };
          expect(readInStep(version, bytes, limits)[0]).to.have.deep.nested.property(
            'frame.headers',
            headers,
          );
        }
      });

      it('inflates a block in too long a frame, and the next block decodes (checklist 64, 65, 66, 224, 238)', () => {
        const factory = new FrameFactory(version, { level: 0 });
        const large = factory.headers(1, [['x', 'v'.repeat(9000)]]);
        const small = factory.headers(1, HEADERS_OF_TEST);
        const reports = readInStep(version, Buffer.concat([large, small]), {
          maxControlFrameSize: 8192,
        });
        expect(reports).to.have.length(2);
        expect(reports[0]).to.include({ call: 'badHeaders', fault: 'size' });
        expect(reports[0]).to.have.nested.property('frame.streamId', 1);
        expect(reports[0]).to.have.nested.property('frame.length', large.length - 8);
        expect(reports[0]).to.have.nested.property('frame.headers.length', 0);
        expect(reports[1]).to.have.deep.nested.property('frame.headers', HEADERS_OF_TEST);
      });

      it('drops a block that inflates beyond the limit, and the next block decodes (checklist 224, 238)', () => {
        const factory = new FrameFactory(version);
        const rest = factory.headerBlock([['x', '']]).length;
        const exact = factory.synStream(1, [['x', 'v'.repeat(40000 - rest)]]);
        const above = factory.synStream(3, [['x', 'v'.repeat(40001 - rest)]]);
        const small = factory.synStream(5, HEADERS_OF_TEST);
        const reports = readInStep(version, Buffer.concat([exact, above, small]), {
          maxHeaderListSize: 40000,
        });
        expect(reports.map((report) => report.call)).to.deep.equal([
          'control',
          'badHeaders',
          'control',
        ]);
        expect(reports[1]).to.have.property('fault', 'size');
        expect(reports[1]).to.have.nested.property('frame.headers.length', 0);
        expect(reports[2]).to.have.deep.nested.property('frame.headers', HEADERS_OF_TEST);
      });

      it('takes an oversize frame for one even if its block inflates to nothing', () => {
        const factory = new FrameFactory(version);
        const first = factory.headers(1, HEADERS_OF_TEST);
        const emptyBlocks = Buffer.alloc(500, Buffer.from('000000ffff', 'hex'));
        const fixed = Buffer.alloc(version.replyFixedLength);
        const long = rawControlFrame({
          version: version.wire,
          type: constants.HEADERS,
          payload: Buffer.concat([fixed, emptyBlocks]),
        });
        const reports = readInStep(version, Buffer.concat([first, long]), {
          maxControlFrameSize: 300,
        });
        expect(reports[1]).to.include({ call: 'badHeaders', fault: 'size' });
      });

      it('gives up at the hard limit (checklist 239)', () => {
        const factory = new FrameFactory(version);
        const bytes = factory.synStream(1, Buffer.alloc(100_001));
        const limits = { maxHeaderListSize: 4096, maxInflatedBlockSize: 100_000 };
        expectParseError(version, bytes, 'ERR_SPDY_FRAME_TOO_LARGE', /more than 100000/, limits);
        const [report] = readInStep(version, bytes, { ...limits, maxInflatedBlockSize: 100_001 });
        expect(report).to.include({ call: 'badHeaders', fault: 'size' });
      });

      it('reports bad blocks with what could be read, and goes on (checklist 207, 210, 218, 224)', () => {
        const factory = new FrameFactory(version);
        const duplicate = factory.synReply(1, [
          ['a', '1'],
          ['a', '2'],
        ]);
        const leftOver = factory.headers(
          1,
          Buffer.concat([factory.headerBlock([['a', '1']]), Buffer.alloc(3)]),
        );
        const many = factory.headers(1, [['a', '1\x002\x003']]);
        const good = factory.headers(1, [['a', '1']]);
        const reports = readInStep(version, Buffer.concat([duplicate, leftOver, many, good]), {
          maxHeaderCount: 2,
        });
        expect(reports.map((r) => (r.call === 'badHeaders' ? r.fault : r.call))).to.deep.equal([
          'content',
          'structure',
          'size',
          'control',
        ]);
        expect(reports[0]).to.have.nested.property('frame.headers.length', 2);
        expect(reports[1]).to.have.nested.property('frame.headers.length', 1);
      });

      it('takes a block without flush at its end for damage of that block', () => {
        const factory = new FrameFactory(version);
        const whole = factory.synReply(1, HEADERS_OF_TEST);
        // Without the end of the last stored block and half of the data.
        const bytes = Buffer.from(whole.subarray(0, whole.length - 12));
        bytes.writeUIntBE(bytes.length - 8, 5, 3);
        const [report] = readInStep(version, bytes);
        expect(report).to.include({ call: 'badHeaders', fault: 'structure' });
      });

      it('ends at corrupt compression and at another dictionary (checklist 114, 231, 232)', () => {
        for (const [type, bytes] of blockFrames(version)) {
          const fixed = type === constants.SYN_STREAM ? 10 : version.replyFixedLength;
          bytes.fill(0xee, 8 + fixed);
          expectParseError(version, bytes, 'ERR_SPDY_ZLIB', /zlib/);
        }
        const other = version.wire === 2 ? 3 : 2;
        const bytes = new FrameFactory(version, { dictionary: other }).synStream(
          1,
          HEADERS_OF_TEST,
        );
        expectParseError(version, bytes, 'ERR_SPDY_ZLIB', /another dictionary/);
      });

      it('accepts a peer that uses no dictionary (checklist 234)', () => {
        const factory = new FrameFactory(version, { dictionary: null });
        const bytes = factory.synStream(1, HEADERS_OF_TEST);
        expect(readInStep(version, bytes)[0]).to.have.property('call', 'control');
      });

      it('reads header values as the limits say', () => {
        const factory = new FrameFactory(version);
        const bytes = factory.synReply(1, [['x', 'Ã¤']]);
        const [utf8] = readInStep(version, bytes, { headerEncoding: 'utf8' });
        expect(utf8).to.have.deep.nested.property('frame.headers', [['x', 'ä']]);
      });

      it('hands DATA over as views of the chunk', () => {
        const { reader, sink } = makeReader(version);
        const views: Buffer[] = [];
        const { dataChunk } = sink;
        sink.dataChunk = (chunk) => {
          views.push(chunk);
          dataChunk.call(sink, chunk);
        };
        const bytes = rawDataFrame(1, 'x'.repeat(1000));
        reader.read(bytes.subarray(0, 500));
        reader.read(bytes.subarray(500));
        expect(views).to.have.length(2);
        for (const view of views) expect(view.buffer).to.equal(bytes.buffer);
      });

      it('reports nothing more once it was stopped, whatever it is doing', () => {
        const factory = new FrameFactory(version);
        const bytes = Buffer.concat([
          rawControlFrame({ version: version.wire, type: 99, payload: Buffer.alloc(9) }),
          rawControlFrame({ version: 9, type: constants.PING }),
          rawControlFrame({ version: 9, type: constants.SYN_STREAM, payload: Buffer.alloc(12) }),
          rawControlFrame({ version: 9, type: constants.HEADERS, payload: Buffer.alloc(12) }),
          factory.synStream(1, HEADERS_OF_TEST),
          factory.synReply(1, [['', '']]),
          factory.data(1, ''),
          factory.data(1, 'payload'),
          factory.ping(1),
          factory.ping(2),
        ]);
        for (const [name, cut] of CUTS) {
          const total = readAll(version, bytes, cut).length;
          expect(total).to.be.above(12);
          for (let last = 1; last < total; last++) {
            const { reader, sink } = makeReader(version);
            let calls = 0;
            sink.afterCall = () => {
              calls++;
              if (sink.reports.length === last) reader.stop();
            };
            for (const chunk of shred(bytes, cut)) reader.read(chunk);
            expect(sink.reports, name).to.have.length(last);
            expect(reader.stopped).to.equal(true);
            const before = calls;
            reader.read(factory.ping(3));
            expect(calls).to.equal(before);
          }
        }
      });

      it('can be stopped between reads, also inside a block or a payload', () => {
        const bytes = Buffer.concat([
          new FrameFactory(version).synStream(1, HEADERS_OF_TEST),
          new FrameFactory(version).settings([{ id: 1, flags: 0, value: 1 }]),
        ]);
        for (let at = 0; at < bytes.length; at++) {
          const { reader, sink } = makeReader(version);
          reader.read(bytes.subarray(0, at));
          const before = sink.reports.length;
          expect(reader.stopped).to.equal(false);
          reader.stop();
          reader.read(bytes.subarray(at));
          expect(sink.reports).to.have.length(before);
        }
      });

      it('is stopped after a parse error', () => {
        const { reader, sink } = makeReader(version);
        sink.afterCall = () => {
          expect(reader.stopped).to.equal(true);
        };
        reader.read(rawControlFrame({ version: version.wire, type: constants.PING }));
        expect(sink.reports).to.have.length(1);
      });

      it('hands out copies of frame headers', () => {
        const { reader, sink } = makeReader(version);
        const heads: Buffer[] = [];
        sink.unknown = (head) => {
          heads.push(head);
        };
        const chunk = rawControlFrame({ version: version.wire, type: 99 });
        const expected = Buffer.from(chunk);
        reader.read(chunk);
        chunk.fill(0);
        expect(heads).to.deep.equal([expected]);
      });
    });
  }

  it('skips NOOP of any length in SPDY/2 silently (checklist 156)', () => {
    for (const length of [0, 1, 5000]) {
      const payload = Buffer.alloc(length);
      const bytes = rawControlFrame({ version: 2, type: constants.NOOP, flags: 0xff, payload });
      expect(readInStep(SPDY2, bytes)).to.deep.equal([]);
    }
    const other = rawControlFrame({ version: 3, type: constants.NOOP });
    expect(readInStep(SPDY2, other)[0]).to.include({ call: 'wrongVersion', version: 3 });
  });

  it('does not know NOOP in SPDY/3 (checklist 157)', () => {
    for (const version of [SPDY3, SPDY3_1]) {
      const bytes = rawControlFrame({ version: 3, type: constants.NOOP });
      expect(readInStep(version, bytes)[0]).to.have.property('call', 'unknown');
    }
  });

  it('does not know WINDOW_UPDATE in SPDY/2 (checklist 172)', () => {
    const payload = uint32(1, 2);
    const bytes = rawControlFrame({ version: 2, type: constants.WINDOW_UPDATE, payload });
    expect(readInStep(SPDY2, bytes)[0]).to.have.property('call', 'unknown');
  });

  it('reads WINDOW_UPDATE in SPDY/3', () => {
    for (const version of [SPDY3, SPDY3_1]) {
      const bytes = new FrameFactory(version).windowUpdate(0, 0xffffffff);
      expect(readInStep(version, bytes)).to.deep.equal([
        {
          call: 'control',
          frame: {
            version: 3,
            flags: 0,
            length: 8,
            type: constants.WINDOW_UPDATE,
            streamId: 0,
            delta: 0x7fffffff,
          },
        },
      ]);
    }
  });

  it('accepts a GOAWAY of 8 bytes in SPDY/2 (checklist 159)', () => {
    const bytes = rawControlFrame({ version: 2, type: constants.GOAWAY, payload: uint32(1, 2) });
    expect(readInStep(SPDY2, bytes)[0]).to.have.nested.property('frame.status', 0);
  });

  it('reads CREDENTIAL in SPDY/3 when asked to, else skips it silently', () => {
    const bytes = new FrameFactory(SPDY3).credential(1, Buffer.from('p'), [Buffer.from('cert')]);
    expect(readInStep(SPDY3, bytes)).to.deep.equal([]);
    expect(readInStep(SPDY3, bytes, { credentials: true })).to.deep.equal([
      {
        call: 'control',
        frame: {
          version: 3,
          flags: 0,
          length: 15,
          type: constants.CREDENTIAL,
          slot: 1,
          proof: Uint8Array.from(Buffer.from('p')),
          certificates: [Uint8Array.from(Buffer.from('cert'))],
        },
      },
    ]);
    expect(readInStep(SPDY3_1, bytes, { credentials: true })[0]).to.have.property(
      'call',
      'unknown',
    );
    const two = rawControlFrame({ version: 2, type: constants.CREDENTIAL });
    expect(readInStep(SPDY2, two, { credentials: true })[0]).to.have.property('call', 'unknown');
  });

  it('refuses a wrong CREDENTIAL when it is read at all', () => {
    const limits = { credentials: true, maxControlFrameSize: 8192 };
    const code = 'ERR_SPDY_INVALID_FRAME';
    const factory = new FrameFactory(SPDY3);
    const short = rawControlFrame({ version: 3, type: constants.CREDENTIAL, length: 5 });
    expect(expectParseError(SPDY3, short, code, /cannot have 5/, limits)).to.equal('');
    const none = factory.credential(1, Buffer.from('p'), []);
    expect(expectParseError(SPDY3, none, code, /without a certificate/, limits)).to.have.length(7);
    const large = factory.credential(1, Buffer.alloc(1), [Buffer.alloc(8192)]);
    expectParseError(SPDY3, large, 'ERR_SPDY_FRAME_TOO_LARGE', /CREDENTIAL of 8203/, limits);
    expect(readInStep(SPDY3, short.subarray(0, 0), limits)).to.deep.equal([]);
    expect(readInStep(SPDY3, large)).to.deep.equal([]);
  });

  it('looks at the limits again for each frame', () => {
    const limits = { ...LIMITS };
    const sink = new RecordingSink();
    const idle = {
      length: 0,
      push: () => null,
      block: () => Buffer.alloc(0),
      reset: () => {},
    };
    const reader = new FrameReader(SPDY3, limits, idle, sink);
    const frame = new FrameFactory(SPDY3).settings([{ id: 4, flags: 0, value: 1 }]);
    reader.read(frame);
    expect(sink.reports[0]).to.have.property('call', 'control');
    limits.maxSettingsEntries = 0;
    reader.read(frame);
    expect(sink.reports[1]).to.have.property('code', 'ERR_SPDY_TOO_MANY_SETTINGS');
  });

  it('lets sessions inflate in turns, also in the middle of a block', () => {
    const { reader: a, sink: sinkA } = makeReader(SPDY3);
    const { reader: b, sink: sinkB } = makeReader(SPDY2);
    const bytesA = new FrameFactory(SPDY3).synStream(1, HEADERS_OF_TEST);
    const bytesB = new FrameFactory(SPDY2).synStream(1, [['x', 'y'.repeat(200)]]);
    for (let i = 0; i < Math.max(bytesA.length, bytesB.length); i++) {
      a.read(bytesA.subarray(i, i + 1));
      b.read(bytesB.subarray(i, i + 1));
    }
    expect(sinkA.reports[0]).to.have.deep.nested.property('frame.headers', HEADERS_OF_TEST);
    expect(sinkB.reports[0]).to.have.nested.property('frame.headers[0][1]').with.length(200);
  });
});
