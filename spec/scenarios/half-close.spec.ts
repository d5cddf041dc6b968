import { expect } from 'chai';
import { CTRL_FLAG_FIN, CTRL_FLAG_NONE, DATA_FLAG_NONE } from '../../lib/protocol/constants.ts';
import { PROTOCOL_VERSIONS } from '../../lib/protocol/version.ts';
import { EnginePair } from '../support/engine-pair.ts';
import { patternBytes, TestProvider } from '../support/test-provider.ts';

const HEADERS = [['name', 'value']] as const;

describe('scenarios: half close', () => {
  for (const { id, name } of PROTOCOL_VERSIONS) {
    describe(name, () => {
      it('HEADERS pass data that is deferred, and the FIN of HEADERS ends such data unsent (checklist 39, 84, 85)', () => {
        const pair = new EnginePair(id);
        const { client, server } = pair;
        client.engine.submitRequest(0, HEADERS);
        pair.pump();
        server.engine.submitSynReply(CTRL_FLAG_NONE, 1, HEADERS);
        const provider = new TestProvider({ bytes: 10, deferAt: [0, 5] });
        server.engine.submitData(1, DATA_FLAG_NONE, provider);
        pair.pump();
        server.engine.submitHeaders(CTRL_FLAG_NONE, 1, [['part', 'between']]);
        pair.pump();
        server.engine.resumeData(1);
        pair.pump();
        server.engine.submitHeaders(CTRL_FLAG_FIN, 1, [['part', 'trailer']]);
        pair.pump();
        const received = client.handler.callbacks
          .filter(({ cb }) => /^on_(ctrl|data)_recv$/.test(cb))
          .map(({ frame, length }) => frame?.type ?? `DATA ${length}`);
        expect(received).to.deep.equal(['SYN_REPLY', 'HEADERS', 'DATA 5', 'HEADERS']);
        expect(server.engine.resumeData(1)).to.equal(false);
        expect(client.handler.body(1)).to.deep.equal(patternBytes(5));
        for (const { handler } of [client, server]) expect(handler.closed.get(1)).to.equal(null);
      });
    });
  }
});
