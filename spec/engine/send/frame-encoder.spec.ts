import { expect } from 'chai';
import { FrameDecoder } from '../../../lib/engine/receive/frame-decoder.ts';
import { FrameEncoder } from '../../../lib/engine/send/frame-encoder.ts';
import { UnsupportedVersionError } from '../../../lib/errors.ts';
import { PROTOCOL_VERSIONS } from '../../../lib/protocol/version.ts';
import { CollectingSink } from '../../support/collecting-sink.ts';

const HEADERS = [
  ['name', 'value'],
  ['other', 'a\0b'],
] as const;

for (const version of PROTOCOL_VERSIONS) {
  describe(`FrameEncoder, ${version.name}`, () => {
    function decoded(bytes: Buffer): Record<string, unknown>[] {
      const sink = new CollectingSink();
      new FrameDecoder(version.name, sink).read(bytes);
      return sink.reports.flatMap((report) =>
        report.kind === 'control' ? [report.frame as unknown as Record<string, unknown>] : [],
      );
    }

    it('makes frames that are read as they were meant', () => {
      const encoder = new FrameEncoder(version.name);
      const bytes = Buffer.concat([
        encoder.synStream({ streamId: 1, priority: 2, flags: 1 }, HEADERS),
        encoder.synReply(2, HEADERS),
        encoder.headers(3, encoder.block(HEADERS), 1),
        encoder.rstStream(4, 5),
        encoder.settings([{ id: 4, flags: 1, value: 100 }]),
        encoder.ping(6),
        encoder.goaway(7, 1),
      ]);
      const frames = decoded(bytes);
      const pairs = [
        ['name', 'value'],
        ['other', 'a'],
        ['other', 'b'],
      ];
      expect(frames[0]).to.deep.include({ streamId: 1, priority: 2, flags: 1, headers: pairs });
      expect(frames[1]).to.deep.include({ streamId: 2, headers: pairs });
      expect(frames[2]).to.deep.include({ streamId: 3, flags: 1, headers: pairs });
      expect(frames[3]).to.include({ streamId: 4, status: 5 });
      expect(frames[4]).to.deep.include({ entries: [{ id: 4, flags: 1, value: 100 }] });
      expect(frames[5]).to.include({ id: 6 });
      expect(frames[6]).to.include({ lastGoodStreamId: 7, status: version.goawayStatus ? 1 : 0 });
    });

    it('makes the frames that not all versions have', () => {
      const encoder = new FrameEncoder(version.name);
      expect(encoder.noop().toString('hex')).to.equal(`800${version.wire}000500000000`);
      const update = `800${version.wire}0009000000080000000100000002`;
      expect(encoder.windowUpdate(1, 2).toString('hex')).to.equal(update);
      const credential = encoder.credential(1, Buffer.from('p'), [Buffer.from('c')]);
      expect(credential.subarray(8).toString('hex')).to.equal('000100000001700000000163');
      expect(encoder.data(5, Buffer.from('x'), 1).toString('hex')).to.equal('000000050100000178');
      const own = encoder.control(77, Buffer.from('y'), 3, 9);
      expect(own.toString('hex')).to.equal('8009004d0300000179');
    });

    it('makes blocks of anything', () => {
      const encoder = new FrameEncoder(version.name);
      const sink = new CollectingSink();
      const decoder = new FrameDecoder(version.name, sink);
      decoder.read(encoder.synReply(1, encoder.block(Buffer.from('no block'))));
      decoder.read(encoder.synReply(1, HEADERS));
      expect(sink.reports.map(({ kind }) => kind)).to.include.members(['badHeaders', 'control']);
    });
  });
}

describe('FrameEncoder', () => {
  it('wants a version of SPDY', () => {
    expect(() => new FrameEncoder('spdy/9' as never)).to.throw(UnsupportedVersionError);
  });
});
