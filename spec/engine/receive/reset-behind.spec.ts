import { expect } from 'chai';
import { InvalidArgumentError } from '../../../lib/errors.ts';
import { CANCEL } from '../../../lib/protocol/constants.ts';
import { PROTOCOL_VERSIONS, SPDY3_1 } from '../../../lib/protocol/version.ts';
import { EnginePair } from '../../support/engine-pair.ts';
import { TestProvider } from '../../support/test-provider.ts';
import { HEADERS } from '../support/lab.ts';

/** A pair with an upload that has not ended, on stream 1, whose client gives no credit. */
function uploading(version = SPDY3_1): EnginePair {
  const pair = new EnginePair(version.id, { client: { windowUpdates: 'manual' } });
  pair.client.engine.submitSynStream(0, 0, 0, HEADERS);
  pair.pump();
  return pair;
}

/** Payload bytes of stream 1 that the client got, and how it ended there: `open`, `done`, or the status of its RST_STREAM. */
function received({ client }: EnginePair): { bytes: number; end: string | number } {
  const bytes = client.handler.body(1).length;
  const error = client.handler.closed.get(1);
  if (error === undefined) return { bytes, end: 'open' };
  return { bytes, end: error === null ? 'done' : error.status };
}

describe('engine/submit/submit: resetBehind()', () => {
  for (const version of PROTOCOL_VERSIONS) {
    it(`${version.name}: RST_STREAM leaves behind the reply and its data`, () => {
      const pair = uploading(version);
      pair.server.engine.submitResponse(1, HEADERS, new TestProvider({ bytes: 5000 }));
      expect(pair.server.engine.resetBehind(1, CANCEL)).to.equal(true);
      pair.pump();
      expect(received(pair)).to.deep.equal({ bytes: 5000, end: CANCEL });
    });
  }

  it('RST_STREAM leaves at once when nothing waits', () => {
    const pair = uploading();
    expect(pair.server.engine.resetBehind(1, CANCEL)).to.equal(false);
    expect(pair.server.engine.resetBehind(1, CANCEL)).to.equal(false);
    pair.pump();
    expect(received(pair)).to.deep.equal({ bytes: 0, end: CANCEL });
    expect(pair.server.written.filter(({ frame }) => frame.type === 'RST_STREAM')).to.have.length(
      1,
    );
  });

  it('RST_STREAM waits for a window, and submitRstStream() ends that', () => {
    const pair = uploading();
    pair.server.engine.submitResponse(1, HEADERS, new TestProvider({ bytes: 100_000 }));
    expect(pair.server.engine.resetBehind(1, CANCEL)).to.equal(true);
    pair.pump();
    expect(received(pair)).to.deep.equal({ bytes: 65536, end: 'open' });
    pair.client.engine.submitWindowUpdate(1, 1000);
    pair.client.engine.submitWindowUpdate(0, 1000);
    pair.pump();
    expect(received(pair)).to.deep.equal({ bytes: 66536, end: 'open' });
    pair.server.engine.submitRstStream(1, CANCEL);
    pair.pump();
    expect(received(pair)).to.deep.equal({ bytes: 66536, end: CANCEL });
  });

  it('no RST_STREAM follows when both sides have finished', () => {
    const pair = uploading();
    pair.server.engine.submitResponse(1, HEADERS, new TestProvider({ bytes: 5000 }));
    pair.client.engine.submitData(1, 1, new TestProvider({ bytes: 10 }));
    pair.server.engine.resetBehind(1, CANCEL);
    pair.deliver(pair.client);
    pair.pump();
    expect(received(pair)).to.deep.equal({ bytes: 5000, end: 'done' });
  });

  it('what still comes meanwhile is dropped, and the session gets its credit', () => {
    const pair = uploading();
    pair.server.engine.submitResponse(1, HEADERS, new TestProvider({ bytes: 100_000 }));
    pair.pump();
    pair.server.engine.resetBehind(1, CANCEL);
    pair.client.engine.submitData(1, 0, new TestProvider({ bytes: 40_000 }));
    pair.pump();
    expect(pair.server.handler.streamsWithBody).to.deep.equal([]);
    expect(pair.server.engine.getRecvDataLength()).to.be.below(32768);
  });

  it('needs a stream and a status that may be', () => {
    const { server } = uploading();
    expect(() => server.engine.resetBehind(1, 0)).to.throw(InvalidArgumentError);
    expect(() => server.engine.resetBehind(2, CANCEL)).to.throw(InvalidArgumentError);
  });
});
