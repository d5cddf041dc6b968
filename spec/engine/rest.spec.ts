import { expect } from 'chai';
import { CTRL_FLAG_FIN, PROTO_SPDY3_1 } from '../../lib/protocol/constants.ts';
import type { HeaderList } from '../../lib/protocol/frames.ts';
import { EnginePair } from '../support/engine-pair.ts';
import { requestHeaders } from '../support/session-pair.ts';
import { BYTES } from '../support/shred.ts';

const REPLY: HeaderList = [
  [':status', '200 OK'],
  ['content-type', 'text/html'],
];

describe('Engine.rest()', () => {
  it('changes nothing of what is said, in whatever state the streams are', () => {
    for (const headerCompression of ['indexed', 'deflate'] as const) {
      const options = { headerCompression, compressionLevel: 9 };
      const pair = new EnginePair(PROTO_SPDY3_1, {
        client: options,
        server: options,
        cut: BYTES,
      });
      const rest = (): void => {
        pair.client.engine.rest();
        pair.server.engine.rest();
      };
      rest();
      const paths = Array.from({ length: 40 }, (_, i) => `/${i % 3}`);
      for (const [i, path] of paths.entries()) {
        pair.client.engine.submitSynStream(CTRL_FLAG_FIN, 0, 0, requestHeaders('GET', path));
        pair.pump();
        if (i % 3 > 0) rest();
      }
      for (let id = 1; id < 2 * paths.length; id += 2) {
        pair.server.engine.submitResponse(id, [...REPLY, ['x', String(id % 7)]]);
        pair.pump();
        if (id % 3 > 0) rest();
      }
      const received = pair.server.written.filter(({ frame }) => frame.type === 'SYN_REPLY');
      expect(received).to.have.length(paths.length);
      const opened = pair.client.written.filter(({ frame }) => frame.type === 'SYN_STREAM');
      expect(opened).to.have.length(paths.length);
      expect(pair.client.engine.insight.streams()).to.deep.equal([]);
      expect(pair.client.engine.failed || pair.server.engine.failed).to.equal(false);
    }
  });
});
