import { expect } from 'chai';
import { dictionaryFor } from '../../lib/compression/dictionaries.ts';
import { HeaderCompressor } from '../../lib/compression/header-compressor.ts';
import * as encode from '../../lib/framing/encode.ts';
import { encodeHeaderBlock } from '../../lib/framing/header-block.ts';
import { prepareHeaders } from '../../lib/framing/header-list.ts';
import { OutputBuffer } from '../../lib/framing/output-buffer.ts';
import type { ProtocolVersion } from '../../lib/protocol/version.ts';
import { type DecodedFrame, FrameDecoder } from '../support/frame-decoder.ts';
import {
  bytesOf,
  dataOf,
  loadVectors,
  pairsOf,
  type ValidVector,
  type VectorVersion,
  versionOf,
} from './vectors.ts';

const { valid, contexts } = loadVectors();

describe('valid vectors are written (checklist 1-4, 12, 14)', () => {
  for (const vector of valid.filter((one) => one.encodeExact)) {
    for (const version of vector.versions) {
      it(`${vector.id}, SPDY/${version}, byte for byte`, () => {
        const out = new OutputBuffer();
        writePlain(out, versionOf(version), vector);
        expect(out.take().toString('hex')).to.equal(bytesOf(vector).toString('hex'));
      });
    }
  }
});

describe('valid vectors with header blocks are written in another compression (checklist 225-230)', () => {
  for (const context of Object.keys(contexts)) {
    const vectors = valid
      .filter((vector) => vector.context === context)
      .sort((a, b) => (a.blockIndex ?? 0) - (b.blockIndex ?? 0));
    for (const version of commonVersions(vectors)) {
      it(`${context}, SPDY/${version}: ${vectors.length} blocks in one zlib stream`, () => {
        for (const level of [0, 1, 9]) expectSameFrames(versionOf(version), vectors, level);
      });
    }
  }

  it('and the plain name/value blocks are equal byte for byte', () => {
    for (const vector of valid) {
      if (vector.headerBlockHex === undefined) continue;
      const version = versionOf(vector.versions[0] as VectorVersion);
      const plain = encodeHeaderBlock(version, preparedHeaders(version, vector), 'latin1');
      expect(plain.toString('hex'), vector.id).to.equal(vector.headerBlockHex);
    }
  });
});

function expectSameFrames(
  version: ProtocolVersion,
  vectors: readonly ValidVector[],
  level: number,
): void {
  const compressor = new HeaderCompressor(dictionaryFor(version.wire), {
    level,
    windowBits: 11,
    memLevel: 1,
  });
  const ours = new FrameDecoder(version);
  const theirs = new FrameDecoder(version);
  for (const vector of vectors) {
    const plain = encodeHeaderBlock(version, preparedHeaders(version, vector), 'latin1');
    const out = new OutputBuffer();
    writeWithBlock(out, version, vector, compressor.compress(plain));
    const [written] = ours.push(out.take());
    const [expected] = theirs.push(bytesOf(vector));
    expect(withoutDictionary(written), vector.id).to.deep.equal(withoutDictionary(expected));
    expect(written?.headers, vector.id).to.deep.equal(expected?.headers);
  }
  expect(ours.pending).to.equal(0);
}

/** We always name the dictionary in the first block; one of the contexts does without. */
function withoutDictionary(decoded: DecodedFrame | undefined) {
  const { zlibDictId: _, ...frame } = { ...decoded?.frame };
  return frame;
}

function preparedHeaders(version: ProtocolVersion, vector: ValidVector) {
  return prepareHeaders(version, pairsOf(vector.frame), 'latin1');
}

function commonVersions(vectors: readonly ValidVector[]): VectorVersion[] {
  const [first, ...others] = vectors;
  return [...(first?.versions ?? [])].filter((version) =>
    others.every((vector) => vector.versions.includes(version)),
  );
}

function writeWithBlock(
  out: OutputBuffer,
  version: ProtocolVersion,
  { frame }: ValidVector,
  block: Buffer,
): void {
  const { type, flags = 0, streamId = 0, priority = 0, slot = 0, associatedToStreamId = 0 } = frame;
  switch (type) {
    case 'SYN_STREAM':
      encode.writeSynStream(
        out,
        version,
        flags,
        streamId,
        associatedToStreamId,
        priority,
        slot,
        block,
      );
      break;
    case 'SYN_REPLY':
      encode.writeSynReply(out, version, flags, streamId, block);
      break;
    case 'HEADERS':
      encode.writeHeaders(out, version, flags, streamId, block);
      break;
    default:
      throw new Error(`${type} has no header block`);
  }
}

function writePlain(out: OutputBuffer, version: ProtocolVersion, { frame }: ValidVector): void {
  const hex = (text: string): Buffer => Buffer.from(text, 'hex');
  const { flags = 0, streamId = 0, status = 0 } = frame;
  switch (frame.type) {
    case 'DATA': {
      const data = dataOf(frame);
      encode.writeDataHeader(out, streamId, flags, data.length);
      out.writeBytes(data);
      break;
    }
    case 'RST_STREAM':
      encode.writeRstStream(out, version, streamId, status);
      break;
    case 'SETTINGS':
      encode.writeSettings(out, version, flags, frame.entries ?? []);
      break;
    case 'NOOP':
      encode.writeNoop(out, version);
      break;
    case 'PING':
      encode.writePing(out, version, frame.id ?? 0);
      break;
    case 'GOAWAY':
      encode.writeGoaway(out, version, frame.lastGoodStreamId ?? 0, status);
      break;
    case 'WINDOW_UPDATE':
      encode.writeWindowUpdate(out, version, streamId, frame.deltaWindowSize ?? 0);
      break;
    case 'CREDENTIAL':
      encode.writeCredential(
        out,
        version,
        frame.slot ?? 0,
        hex(frame.proofHex ?? ''),
        (frame.certificatesHex ?? []).map(hex),
      );
      break;
    default:
      throw new Error(`no encoder for ${frame.type}`);
  }
}
