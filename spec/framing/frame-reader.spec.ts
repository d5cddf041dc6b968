import { expect } from 'chai';
import { FrameReader } from '../../lib/framing/frame-reader.ts';
import * as constants from '../../lib/protocol/constants.ts';
import { PROTOCOL_VERSIONS, SPDY2, SPDY3, SPDY3_1 } from '../../lib/protocol/version.ts';
import { FrameFactory, rawControlFrame, rawDataFrame, uint32 } from '../support/frame-factory.ts';
import { CUTS, type Cut, shred, WHOLE } from '../support/shred.ts';
import { HEADERS_OF_TEST, readInStep } from './reading.ts';
import { LIMITS, makeReader, RecordingSink, readAll } from './recording-sink.ts';

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

  it('looks at the limits again for each frame', () => {
    const limits = { ...LIMITS };
    const sink = new RecordingSink();
    const idle = {
      length: 0,
      push: () => null,
      block: () => Buffer.alloc(0),
      reset: () => {},
      rest: () => {},
    };
    const reader = new FrameReader(SPDY3, { options: limits }, idle, sink);
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
