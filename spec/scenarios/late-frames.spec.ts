import { expect } from 'chai';
import { PROTO_SPDY3, PROTO_SPDY3_1 } from '../../lib/protocol/constants.ts';
import { type EngineEnd, EnginePair } from '../support/engine-pair.ts';
import { TestProvider } from '../support/test-provider.ts';

const HEADERS = [['name', 'value']] as const;

function written(end: EngineEnd): string[] {
  return end.written.map(({ frame }) => `${frame.type} ${frame.streamId ?? ''}`.trim());
}

describe('scenarios: late frames', () => {
  it('credit that waits when FIN arrives is not sent for the stream, but for the session (checklist 191, 192)', () => {
    for (const version of [PROTO_SPDY3, PROTO_SPDY3_1] as const) {
      const pair = new EnginePair(version);
      pair.client.engine.submitRequest(0, HEADERS, new TestProvider({ bytes: 50_000 }));
      pair.deliver(pair.client);
      pair.deliver(pair.server);
      const expected = version === PROTO_SPDY3_1 ? ['WINDOW_UPDATE 0'] : [];
      expect(written(pair.server)).to.deep.equal(expected);
    }
  });
});
