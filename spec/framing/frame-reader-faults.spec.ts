import { expect } from 'chai';
import * as constants from '../../lib/protocol/constants.ts';
import type { HeaderList } from '../../lib/protocol/frames.ts';
import { PROTOCOL_VERSIONS, SPDY3 } from '../../lib/protocol/version.ts';
import { FrameFactory, rawControlFrame, uint32 } from '../support/frame-factory.ts';
import { blockFrames, expectParseError, HEADERS_OF_TEST, read, readInStep } from './reading.ts';
import { makeReader, type Report } from './recording-sink.ts';

describe('framing/frame-reader: faults and limits', () => {
  for (const version of PROTOCOL_VERSIONS) {
    describe(version.name, () => {
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

      it('is stopped after a parse error', () => {
        const { reader, sink } = makeReader(version);
        sink.afterCall = () => {
          expect(reader.stopped).to.equal(true);
        };
        reader.read(rawControlFrame({ version: version.wire, type: constants.PING }));
        expect(sink.reports).to.have.length(1);
      });
    });
  }

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
});
