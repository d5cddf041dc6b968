import { expect } from 'chai';
import * as fc from 'fast-check';
import { dictionaryFor } from '../../lib/compression/dictionaries.ts';
import { HeaderCompressor } from '../../lib/compression/header-compressor.ts';
import * as encode from '../../lib/framing/encode.ts';
import { decodeHeaderBlock, encodeHeaderBlock } from '../../lib/framing/header-block.ts';
import {
  type HeaderEncoding,
  headerBlockLength,
  prepareHeaders,
  presentHeaders,
} from '../../lib/framing/header-list.ts';
import { OutputBuffer } from '../../lib/framing/output-buffer.ts';
import { SlabPool } from '../../lib/framing/slab-pool.ts';
import * as constants from '../../lib/protocol/constants.ts';
import type { Header, HeaderList } from '../../lib/protocol/frames.ts';
import { PROTOCOL_VERSIONS, type ProtocolVersion } from '../../lib/protocol/version.ts';
import { makeReader, type Report, readAll } from '../framing/recording-sink.ts';
import { randomCut, shred } from '../support/shred.ts';

const uint8 = fc.nat({ max: 0xff });
const uint24 = fc.nat({ max: 0xffffff });
const uint31 = fc.nat({ max: 0x7fffffff });
const uint32 = fc.nat({ max: 0xffffffff });

function characters(
  ranges: readonly (readonly [from: number, to: number])[],
): fc.Arbitrary<string> {
  return fc.oneof(
    ...ranges.map(([min, max]) =>
      fc.integer({ min, max }).map((code) => String.fromCodePoint(code)),
    ),
  );
}

const LATIN1 = characters([
  [0x20, 0x7e],
  [0x80, 0xff],
  [9, 9],
]);
const UNICODE = characters([
  [0x20, 0x7e],
  [0xa0, 0xd7ff],
  [0x1f300, 0x1f6ff],
]);

const name = fc.oneof(
  fc.constantFrom(':path', ':Method', 'host', 'Set-Cookie', 'set-cookie', 'x'),
  fc.string({ unit: characters([[0x20, 0x7e]]), minLength: 1, maxLength: 12 }),
);

function headerLists(encoding: HeaderEncoding): fc.Arbitrary<HeaderList> {
  const part = fc.string({
    unit: encoding === 'utf8' ? UNICODE : LATIN1,
    minLength: 1,
    maxLength: 40,
  });
  const value = fc.oneof(fc.constant(''), part, fc.array(part, { minLength: 2 }).map(joined));
  return fc.array(fc.tuple(name, value), { maxLength: 40 });
}

function joined(parts: readonly string[]): string {
  return parts.join('\0');
}

const VERSIONS = fc.constantFrom(...PROTOCOL_VERSIONS);
const ENCODINGS = fc.constantFrom<HeaderEncoding[]>('latin1', 'utf8');
const bytes = (maxLength: number): fc.Arbitrary<Uint8Array> => fc.uint8Array({ maxLength });

/** What a receiver shall see of headers: the slow and obvious way. */
function expectedHeaders(version: ProtocolVersion, headers: HeaderList): HeaderList {
  const groups = new Map<string, string[]>();
  for (const [given, value] of headers) {
    const lower = given.toLowerCase();
    const plain = /^:(host|method|path|scheme|status|version)$/.test(lower);
    const onWire = version.wire === 2 && plain ? lower.slice(1).replace('path', 'url') : lower;
    const values = groups.get(onWire) ?? [];
    values.push(...value.split('\0'));
    groups.set(onWire, values);
  }
  const expected: Header[] = [];
  for (const [group, values] of groups) {
    const present = values.filter((value) => value !== '');
    if (present.length === 0 && version.emptyValues) present.push('');
    for (const value of present) expected.push([group, value]);
  }
  return expected;
}

describe('properties: framing', () => {
  it('header lists survive preparing, encoding and decoding (checklist 205, 206, 211, 213, 215, 217, 222)', () => {
    const cases = ENCODINGS.chain((encoding) =>
      fc.tuple(fc.constant(encoding), headerLists(encoding)),
    );
    return fc.assert(
      fc.property(VERSIONS, cases, (version, [encoding, headers]) => {
        const prepared = prepareHeaders(version, headers, encoding);
        const block = encodeHeaderBlock(version, prepared, encoding);
        expect(block.length).to.equal(headerBlockLength(version, prepared, encoding));
        expect(decodeHeaderBlock(version, block, encoding, 1e6)).to.deep.equal({
          headers: expectedHeaders(version, headers),
          fault: null,
        });
      }),
      { numRuns: 300 },
    );
  });

  it('prepared headers stay as they are when prepared again', () => {
    return fc.assert(
      fc.property(VERSIONS, headerLists('latin1'), (version, headers) => {
        const prepared = prepareHeaders(version, headers, 'latin1');
        expect(prepareHeaders(version, prepared, 'latin1')).to.deep.equal(prepared);
        const again = prepareHeaders(version, presentHeaders(version, prepared), 'latin1');
        expect(again).to.deep.equal(prepared);
      }),
    );
  });

  it('any bytes decode to a result or a fault (checklist 219)', () => {
    // Small numbers are tried often, so that lengths fit now and then.
    const almost = fc.array(fc.oneof(fc.constant(0), fc.nat({ max: 3 }), uint8), { maxLength: 80 });
    return fc.assert(
      fc.property(VERSIONS, almost, ENCODINGS, (version, block, encoding) => {
        const { headers, fault } = decodeHeaderBlock(version, Buffer.from(block), encoding, 10);
        expect(headers.length).to.be.at.most(10);
        if (fault !== null) return;
        // A good block is one that we could have written, but for the way that empty values stand alone.
        const merged = prepareHeaders({ ...version, emptyValues: true }, headers, 'utf8');
        expect(decodeHeaderBlock(version, Buffer.from(block), 'latin1', 10).fault).to.equal(null);
        expect(merged.length).to.be.at.most(headers.length);
      }),
      { numRuns: 1000 },
    );
  });

  it('every frame survives encoding, compressing, cutting and reading in all versions (checklist 4, 5, 6)', () => {
    const blocks = fc.array(
      fc.record({
        kind: fc.constantFrom(
          'open',
          'reply',
          'headers',
          'rst',
          'settings',
          'ping',
          'goaway',
          'update',
          'data',
        ),
        a: uint31,
        b: uint31,
        c: uint32,
        flags: uint8,
        slot: uint8,
        priority: fc.nat({ max: 7 }),
        headers: headerLists('latin1'),
        entries: fc.array(fc.record({ id: uint24, flags: uint8, value: uint32 }), {
          maxLength: 20,
        }),
        payload: bytes(300),
      }),
      { maxLength: 12 },
    );
    const options = fc.record({
      level: fc.nat({ max: 9 }),
      windowBits: fc.integer({ min: 9, max: 15 }),
      memLevel: fc.integer({ min: 1, max: 9 }),
    });
    return fc.assert(
      fc.property(VERSIONS, blocks, options, fc.nat(), (version, frames, zlibOptions, seed) => {
        const { wire } = version;
        const out = new OutputBuffer(new SlabPool(256));
        const compressor = new HeaderCompressor(dictionaryFor(wire), zlibOptions);
        const expected: Report[] = [];
        const control = (frame: object): void => {
          expected.push({ call: 'control', frame } as Report);
        };
        for (const frame of frames) {
          const { a, b, c, flags } = frame;
          const prepared = prepareHeaders(version, frame.headers, 'latin1');
          const compress = (): Buffer =>
            compressor.compress(encodeHeaderBlock(version, prepared, 'latin1'));
          const headers = expectedHeaders(version, frame.headers);
          const head = { version: wire, flags };
          switch (frame.kind) {
            case 'open': {
              const priority = Math.min(frame.priority, version.lowestPriority);
              const length = encode.writeSynStream(
                out,
                version,
                flags,
                a,
                b,
                priority,
                frame.slot,
                compress(),
              );
              const slot = version.hasSlot ? frame.slot : 0;
              const ids = { streamId: a, associatedToStreamId: b };
              control({
                ...head,
                length,
                type: constants.SYN_STREAM,
                ...ids,
                priority,
                slot,
                headers,
              });
              break;
            }
            case 'reply': {
              const length = encode.writeSynReply(out, version, flags, a, compress());
              control({ ...head, length, type: constants.SYN_REPLY, streamId: a, headers });
              break;
            }
            case 'headers': {
              const length = encode.writeHeaders(out, version, flags, a, compress());
              control({ ...head, length, type: constants.HEADERS, streamId: a, headers });
              break;
            }
            case 'rst': {
              const length = encode.writeRstStream(out, version, a, c);
              control({
                version: wire,
                flags: 0,
                length,
                type: constants.RST_STREAM,
                streamId: a,
                status: c,
              });
              break;
            }
            case 'settings': {
              const { entries } = frame;
              const length = encode.writeSettings(out, version, flags, entries);
              control({ ...head, length, type: constants.SETTINGS, entries });
              break;
            }
            case 'ping': {
              const length = encode.writePing(out, version, c);
              control({ version: wire, flags: 0, length, type: constants.PING, id: c });
              break;
            }
            case 'goaway': {
              const length = encode.writeGoaway(out, version, a, c);
              const status = version.goawayStatus ? c : 0;
              control({
                version: wire,
                flags: 0,
                length,
                type: constants.GOAWAY,
                lastGoodStreamId: a,
                status,
              });
              break;
            }
            case 'update': {
              if (!version.streamWindows) break;
              const length = encode.writeWindowUpdate(out, version, a, b);
              control({
                version: wire,
                flags: 0,
                length,
                type: constants.WINDOW_UPDATE,
                streamId: a,
                delta: b,
              });
              break;
            }
            default: {
              const { length } = frame.payload;
              encode.writeDataHeader(out, a, flags, length);
              out.writeBytes(frame.payload);
              expected.push({ call: 'dataStart', streamId: a, flags, length });
              const text = Buffer.from(frame.payload).toString('latin1');
              if (length > 0) expected.push({ call: 'data', bytes: text });
              expected.push({ call: 'dataEnd' });
            }
          }
        }
        expect(readAll(version, out.take(), randomCut(seed, 64))).to.deep.equal(expected);
      }),
      { numRuns: 150 },
    );
  });

  it('NOOP and CREDENTIAL survive where they exist', () => {
    return fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 0xffff }),
        bytes(100),
        fc.array(fc.uint8Array({ minLength: 1, maxLength: 100 }), { minLength: 1, maxLength: 5 }),
        fc.nat(),
        (slot, proof, certificates, seed) => {
          for (const version of PROTOCOL_VERSIONS) {
            const out = new OutputBuffer();
            if (version.hasNoop) encode.writeNoop(out, version);
            if (version.hasCredential)
              encode.writeCredential(out, version, slot, proof, certificates);
            const reports = readAll(version, out.take(), randomCut(seed), { credentials: true });
            expect(reports).to.have.length(version.hasCredential ? 1 : 0);
            for (const report of reports) {
              expect(report).to.have.deep.nested.include({
                'frame.slot': slot,
                'frame.proof': proof,
                'frame.certificates': certificates,
              });
            }
          }
        },
      ),
    );
  });

  it('cutting never changes the reports, whatever the bytes are (checklist 5, 6)', () => {
    return fc.assert(
      fc.property(VERSIONS, wireBytes(), fc.nat(), (version, wire, seed) => {
        const limits = { maxControlFrameSize: 200, credentials: true, maxInflatedBlockSize: 5000 };
        const whole = readAll(version, wire, { kind: 'whole' }, limits);
        expect(readAll(version, wire, { kind: 'pieces', size: 1 }, limits)).to.deep.equal(whole);
        expect(readAll(version, wire, randomCut(seed), limits)).to.deep.equal(whole);
      }),
      { numRuns: 500 },
    );
  });

  it('random bytes never throw, and nothing is reported after a parse error (checklist 21)', () => {
    return fc.assert(
      fc.property(VERSIONS, wireBytes(), fc.nat(), (version, wire, seed) => {
        const { reader, sink } = makeReader(version, { maxSettingsEntries: 5 });
        for (const chunk of shred(wire, randomCut(seed, 100))) reader.read(chunk);
        const calls = sink.reports.map((report) => report.call);
        const at = calls.indexOf('parseError');
        if (at >= 0) expect(at).to.equal(calls.length - 1);
        expect(reader.stopped).to.equal(at >= 0);
      }),
      { numRuns: 500 },
    );
  });
});

/** Byte streams that look like SPDY often enough to reach every corner. */
function wireBytes(): fc.Arbitrary<Buffer> {
  const frame = fc
    .record({
      version: fc.oneof({ weight: 8, arbitrary: fc.constantFrom(2, 3) }, fc.nat({ max: 0x7fff })),
      type: fc.oneof({ weight: 8, arbitrary: fc.nat({ max: 11 }) }, fc.nat({ max: 0xffff })),
      flags: uint8,
      payload: fc.oneof(
        fc.constantFrom(...PAYLOADS).map((hex) => Buffer.from(hex, 'hex')),
        bytes(300).map((payload) => Buffer.from(payload)),
      ),
      bend: fc.oneof({ weight: 9, arbitrary: fc.constant(0) }, fc.integer({ min: -4, max: 4 })),
      data: fc.boolean(),
    })
    .map(({ version, type, flags, payload, bend, data }) => {
      const head = Buffer.alloc(8);
      head.writeUInt16BE(data ? type : 0x8000 | version, 0);
      head.writeUInt16BE(data ? version : type, 2);
      head.writeUInt8(flags, 4);
      head.writeUIntBE(Math.max(0, payload.length + bend), 5, 3);
      return Buffer.concat([head, payload]);
    });
  const noise = bytes(40).map((part) => Buffer.from(part));
  return fc
    .array(fc.oneof({ weight: 9, arbitrary: frame }, noise), { maxLength: 8 })
    .map((parts) => Buffer.concat(parts));
}

/** Payloads that are right for some frame. */
const PAYLOADS: readonly string[] = [
  '',
  '00000001',
  '0000000100000005',
  '00000001000000040000000f',
  '000100000001aa00000001bb',
  '0000000100000000' + '0000' + '78bbe3c6a7c2626060600000000000ffff',
  '00000001' + '78bbe3c6a7c26260606000000000ffff',
  '00000001' + '0000' + '78bbdfa251b262606000000000ffff',
];
