import { expect } from 'chai';
import { Engine } from '../../../lib/engine/engine.ts';
import { FrameDecoder } from '../../../lib/engine/receive/frame-decoder.ts';
import { CLIENT, PING, PROTO_SPDY3_1, SYN_STREAM } from '../../../lib/protocol/constants.ts';
import type { SynStreamFrame } from '../../../lib/protocol/frames.ts';
import { CollectingSink } from '../../support/collecting-sink.ts';

const HEAD = [
  [':method', 'GET'],
  [':path', '/é'],
  [':version', 'HTTP/1.1'],
] as const;

/** A PING with the id 1, and one that is too long. */
const PING_FRAME = Buffer.from('800300060000000400000001', 'hex');
const LONG_PING = Buffer.from('80030006000000050000000100', 'hex');

/** The bytes of a request each. */
function requests(count: number, headers: readonly (readonly [string, string])[]): Buffer[] {
  const engine = new Engine(CLIENT, PROTO_SPDY3_1, { headerEncoding: 'utf8' });
  return Array.from({ length: count }, () => {
    engine.submitRequest(0, headers);
    return Buffer.from(engine.pull() as Uint8Array);
  });
}

describe('FrameDecoder', () => {
  it('reads the frames of one direction, cut anywhere', () => {
    const sink = new CollectingSink();
    const decoder = new FrameDecoder('spdy/3.1', sink, { headerEncoding: 'utf8' });
    for (const byte of Buffer.concat([...requests(1, HEAD), PING_FRAME]))
      decoder.read(Uint8Array.of(byte));
    const frames = sink.reports.map((report) => (report.kind === 'control' ? report.frame : null));
    expect(frames.map((frame) => frame?.type)).to.include.members([SYN_STREAM, PING]);
    const opening = frames.find((frame) => frame?.type === SYN_STREAM) as SynStreamFrame;
    expect(opening.headers).to.deep.equal(HEAD);
    expect(decoder.version.name).to.equal('spdy/3.1');
    expect(decoder.stopped).to.equal(false);
  });

  it('stops at a frame that it cannot read, and resumes with the next one', () => {
    const sink = new CollectingSink();
    const decoder = new FrameDecoder(PROTO_SPDY3_1, sink);
    const [first, second] = requests(2, HEAD) as [Buffer, Buffer];
    decoder.read(first);
    decoder.read(LONG_PING);
    expect(decoder.stopped).to.equal(true);
    decoder.read(PING_FRAME);
    expect(sink.reports.at(-1)).to.include({ kind: 'parseError', type: PING });
    decoder.resume();
    expect(decoder.stopped).to.equal(false);
    decoder.read(second);
    expect(sink.reports.at(-1)).to.have.nested.property('frame.type', SYN_STREAM);
  });

  it('keeps no more of a header block than it may', () => {
    const [bytes] = requests(1, HEAD) as [Buffer];
    for (const limits of [{ maxHeaderListSize: 20 }, { maxHeaderCount: 2 }]) {
      const sink = new CollectingSink();
      new FrameDecoder('spdy/3.1', sink, limits).read(bytes);
      expect(sink.reports.at(-1)).to.include({ kind: 'badHeaders', fault: 'size' });
    }
  });

  it('refuses versions and options that are none', () => {
    const make = (version: string, options = {}): (() => FrameDecoder) => {
      return () => new FrameDecoder(version as 'spdy/3', new CollectingSink(), options);
    };
    expect(make('spdy/4')).to.throw().with.property('code', 'ERR_SPDY_UNSUPPORTED_VERSION');
    expect(make('spdy/3', { headerEncodings: 'utf8' })).to.throw(/did you mean headerEncoding\?/);
    expect(make('spdy/3', { maxHeaderCount: 0 })).to.throw(/maxHeaderCount must be an integer/);
    expect(make('spdy/3', { headerEncoding: 'ascii' })).to.throw(/headerEncoding must be one of/);
  });
});
