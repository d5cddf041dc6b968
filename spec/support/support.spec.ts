import { expect } from 'chai';
import { PROTO_SPDY2, PROTO_SPDY3, PROTO_SPDY3_1 } from '../../lib/protocol/constants.ts';
import type { HeaderList } from '../../lib/protocol/frames.ts';
import { SPDY2, SPDY3_1 } from '../../lib/protocol/version.ts';
import { EnginePair } from './engine-pair.ts';
import { decodeFrames, FrameDecoder } from './frame-decoder.ts';
import { FrameFactory } from './frame-factory.ts';
import { NativeDeflater, NativeInflater } from './native-zlib.ts';
import { CUTS, createRandom, randomCut, shred } from './shred.ts';
import { patternBytes, TestProvider } from './test-provider.ts';

const REQUEST: HeaderList = [
  [':method', 'POST'],
  [':path', '/'],
];

describe('spec support', () => {
  describe('EnginePair', () => {
    for (const version of [PROTO_SPDY2, PROTO_SPDY3, PROTO_SPDY3_1]) {
      for (const [name, cut] of CUTS) {
        it(`carries an upload and its echo, version ${version}, ${name}`, () => {
          const pair = new EnginePair(version, { cut });
          const { client, server } = pair;
          server.handler.afterEach = ({ cb, streamId = 0 }) => {
            if (cb !== 'on_request_recv') return;
            const provider = new TestProvider({ bytes: 66_000, eofWithLast: false });
            server.engine.submitResponse(streamId, [[':status', '200']], provider);
          };
          client.engine.submitRequest(0, REQUEST, new TestProvider({ bytes: 66_000 }), 'mine');
          expect(pair.pump()).to.be.above(132_000);
          for (const { handler } of [client, server]) {
            expect(handler.body(1).equals(patternBytes(66_000))).to.equal(true);
            expect(handler.named('on_stream_close')).to.have.lengthOf(1);
          }
          expect(client.handler.named('on_stream_close')[0]?.userData).to.equal('mine');
          expect(client.written[0]?.frame.type).to.equal('SYN_STREAM');
          expect(pair.pump()).to.equal(0);
        });
      }
    }
  });

  it('FrameFactory and FrameDecoder understand each other', () => {
    for (const version of [SPDY2, SPDY3_1]) {
      const factory = new FrameFactory(version);
      const bytes = Buffer.concat([
        factory.synStream(1, [['a', 'b\0c']], { priority: version.lowestPriority }),
        factory.headers(1, [], { flags: 1 }),
        factory.settings([{ id: 0x010203, flags: 1, value: 7 }]),
        factory.goaway(5),
        factory.data(1, 'xyz', 1),
      ]);
      const decoded = decodeFrames(version, bytes);
      const types = ['SYN_STREAM', 'HEADERS', 'SETTINGS', 'GOAWAY', 'DATA'];
      expect(decoded.map(({ frame }) => frame.type)).to.deep.equal(types);
      expect(decoded[0]?.frame.priority).to.equal(version.lowestPriority);
      expect(decoded[0]?.headers).to.deep.equal([['a', 'b\0c']]);
      expect(decoded[2]?.frame.entries?.[0]?.id).to.equal(0x010203);
      expect(new FrameDecoder(version).bytesToComplete(1, bytes)).to.equal(
        decoded[0]?.bytes.length,
      );
    }
  });

  it('NativeDeflater and NativeInflater keep one stream over many blocks', () => {
    const random = createRandom(1);
    for (const windowBits of [9, 11, 15]) {
      for (const level of [0, 1, 9]) {
        const deflater = new NativeDeflater(3, { windowBits, level });
        const inflater = new NativeInflater();
        for (let block = 0; block < 12; block++) {
          const plain = Buffer.from('cache-control: no-store '.repeat(random.integer(1, 100)));
          expect(inflater.inflate(deflater.deflate(plain)).equals(plain)).to.equal(true);
        }
        expect(inflater.dictionaryId).to.equal('e3c6a7c2');
      }
    }
  });

  it('shred loses nothing', () => {
    const bytes = patternBytes(1000);
    for (const cut of [
      ...CUTS.map((pair) => pair[1]),
      { kind: 'offsets', at: [3, 3, 700] } as const,
    ]) {
      expect(Buffer.concat([...shred(bytes, cut)]).equals(bytes)).to.equal(true);
    }
    expect([...shred(bytes, randomCut(1))].map(({ length }) => length)).to.deep.equal(
      [...shred(bytes, randomCut(1))].map(({ length }) => length),
    );
  });
});
