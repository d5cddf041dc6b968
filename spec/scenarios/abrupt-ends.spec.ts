import { expect } from 'chai';
import { PROTO_SPDY3_1 } from '../../lib/protocol/constants.ts';
import { EnginePair } from '../support/engine-pair.ts';
import { TestProvider } from '../support/test-provider.ts';

const HEADERS = [['name', 'value']] as const;

describe('scenarios: abrupt ends', () => {
  it('credit for what was received is not queued any more when the transport has ended', () => {
    const pair = new EnginePair(PROTO_SPDY3_1, { server: { windowUpdates: 'consume' } });
    const { client, server } = pair;
    for (const deferAt of [[50_000], []]) {
      client.engine.submitRequest(0, HEADERS, new TestProvider({ bytes: 60_000, deferAt }));
    }
    pair.pump();
    server.engine.transportEnd();
    server.engine.consume(3, 60_000);
    expect(server.engine.getOutboundQueueSize()).to.equal(0);
    expect(server.engine.unconsumedBytes).to.equal(0);
  });
});
