import { expect } from 'chai';
import { GOAWAY_OK } from '../../lib/protocol/constants.ts';
import { PROTOCOL_VERSIONS } from '../../lib/protocol/version.ts';
import { EnginePair } from '../support/engine-pair.ts';
import { TestProvider } from '../support/test-provider.ts';

const HEADERS = [['name', 'value']] as const;

describe('scenarios: GOAWAY races', () => {
  for (const { id, name } of PROTOCOL_VERSIONS) {
    describe(name, () => {
      it('whatever follows a SYN_STREAM that crossed our GOAWAY is ignored with it (checklist 27, 162)', () => {
        const pair = new EnginePair(id);
        const { client, server } = pair;
        client.engine.submitRequest(0, HEADERS, new TestProvider({ bytes: 10, deferAt: [5] }));
        pair.deliver(client);
        server.engine.submitGoaway(GOAWAY_OK);
        const goaway = server.engine.pull() as Buffer;
        client.engine.submitRequest(0, HEADERS, new TestProvider({ bytes: 10, deferAt: [5] }));
        pair.deliver(client);
        client.engine.submitHeaders(0, 3, HEADERS);
        client.engine.resumeData(3);
        pair.deliver(client);
        expect(server.engine.wantWrite()).to.equal(false);
        expect(server.handler.streamErrors).to.deep.equal([]);

        client.engine.receive(goaway);
        expect(client.handler.closed.get(3)).to.include({ retryable: true });
        expect(client.handler.closed.has(1)).to.equal(false);
        server.engine.submitResponse(1, HEADERS);
        client.engine.resumeData(1);
        pair.pump();
        for (const { handler } of [client, server]) expect(handler.closed.get(1)).to.equal(null);
      });
    });
  }
});
