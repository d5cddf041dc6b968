import { expect } from 'chai';
import {
  CANCEL,
  CTRL_FLAG_NONE,
  CTRL_FLAG_UNIDIRECTIONAL,
  DATA_FLAG_FIN,
} from '../../lib/protocol/constants.ts';
import { PROTOCOL_VERSIONS } from '../../lib/protocol/version.ts';
import { EnginePair } from '../support/engine-pair.ts';
import { patternBytes, TestProvider } from '../support/test-provider.ts';

const HEADERS = [['name', 'value']] as const;

describe('scenarios: server push', () => {
  for (const { id, name } of PROTOCOL_VERSIONS) {
    describe(name, () => {
      /** A request 1 that the server answers with pushes 2 and 4, whose data is deferred at once. */
      function makePair(flags: number): EnginePair {
        const pair = new EnginePair(id);
        const { client, server } = pair;
        client.engine.submitRequest(0, HEADERS);
        pair.pump();
        server.engine.submitSynReply(CTRL_FLAG_NONE, 1, HEADERS);
        server.engine.submitSynStream(flags, 1, 0, HEADERS);
        server.engine.submitSynStream(flags, 1, 0, HEADERS);
        pair.pump();
        for (const streamId of [2, 4]) {
          const provider = new TestProvider({ bytes: 10, deferAt: [0] });
          server.engine.submitData(streamId, DATA_FLAG_FIN, provider);
        }
        pair.pump();
        return pair;
      }

      it('a push ends on both sides with its data, even one that does not say that it is unidirectional (checklist 247, 248)', () => {
        const pair = makePair(CTRL_FLAG_NONE);
        const { client, server } = pair;
        expect(client.handler.closed.get(1)).to.equal(undefined);
        server.engine.submitData(1, DATA_FLAG_FIN, new TestProvider({}));
        pair.pump();
        expect(client.handler.closed.get(1)).to.equal(null);
        for (const streamId of [2, 4]) server.engine.resumeData(streamId);
        pair.pump();
        for (const streamId of [2, 4]) {
          expect(client.handler.body(streamId)).to.deep.equal(patternBytes(10));
          for (const { handler } of [client, server])
            expect(handler.closed.get(streamId)).to.equal(null);
        }
      });

      it('a push of low priority leaves before the end of the reply that it belongs to', () => {
        const pair = new EnginePair(id);
        const { client, server } = pair;
        client.engine.submitRequest(0, HEADERS);
        pair.pump();
        const lowest = server.engine.getPriLowest();
        server.engine.submitSynStream(CTRL_FLAG_UNIDIRECTIONAL, 1, lowest, HEADERS);
        server.engine.submitResponse(1, HEADERS, new TestProvider({ bytes: 10 }));
        pair.deliver(server);
        expect(server.written.map(({ frame }) => `${frame.type} ${frame.streamId}`)).to.deep.equal([
          'SYN_STREAM 2',
          'SYN_REPLY 1',
          'DATA 1',
        ]);
        expect(server.written[0]?.frame.priority).to.equal(lowest);
      });

      it('CANCEL of a request ends its pushes on both sides, even those that crossed it (checklist 109, 253)', () => {
        const pair = makePair(CTRL_FLAG_UNIDIRECTIONAL);
        const { client, server } = pair;
        client.engine.submitRstStream(1, CANCEL);
        server.engine.submitSynStream(CTRL_FLAG_UNIDIRECTIONAL, 1, 0, HEADERS);
        pair.deliver(server);
        pair.pump();
        for (const streamId of [1, 2, 4, 6]) {
          for (const { handler } of [client, server])
            expect(handler.closed.get(streamId)).to.include({ status: CANCEL });
        }
      });
    });
  }
});
