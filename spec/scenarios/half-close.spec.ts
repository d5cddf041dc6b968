import { expect } from 'chai';
import {
  CANCEL,
  CTRL_FLAG_FIN,
  CTRL_FLAG_NONE,
  DATA_FLAG_NONE,
} from '../../lib/protocol/constants.ts';
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

      it('either side may finish first, and the other goes on for as long as it likes (checklist 23, 24, 57, 77)', () => {
        for (const first of ['client', 'server'] as const) {
          const pair = new EnginePair(id);
          const { client, server } = pair;
          const up = new TestProvider({ bytes: 100_000, deferAt: first === 'client' ? [] : [500] });
          const down = new TestProvider({
            bytes: 100_000,
            deferAt: first === 'client' ? [500] : [],
          });
          client.engine.submitRequest(0, HEADERS, up);
          pair.pump();
          server.engine.submitResponse(1, HEADERS, down);
          pair.pump();
          const [faster, slower] = first === 'client' ? [client, server] : [server, client];
          expect(slower.handler.body(1)).to.have.lengthOf(100_000);
          expect(faster.handler.body(1)).to.have.lengthOf(500);
          expect(faster.handler.closed.size + slower.handler.closed.size).to.equal(0);
          // What the faster side submits now is too late.
          faster.engine.submitHeaders(CTRL_FLAG_NONE, 1, HEADERS);
          faster.engine.submitData(1, DATA_FLAG_NONE, new TestProvider({ bytes: 5 }));
          slower.engine.resumeData(1);
          pair.pump();
          expect(faster.handler.body(1)).to.deep.equal(patternBytes(100_000));
          expect(slower.handler.body(1)).to.have.lengthOf(100_000);
          for (const { handler } of [client, server]) {
            expect(handler.closed.get(1)).to.equal(null);
            expect(handler.named('on_stream_close')).to.have.lengthOf(1);
          }
          expect(server.handler.named('on_request_recv')).to.have.lengthOf(1);
        }
      });

      it('a server that has answered ends an upload that it does not want with CANCEL (checklist 39, 101)', () => {
        const pair = new EnginePair(id);
        const { client, server } = pair;
        client.engine.submitRequest(
          0,
          HEADERS,
          new TestProvider({ bytes: 100_000, deferAt: [500] }),
        );
        pair.pump();
        server.engine.submitResponse(1, HEADERS);
        pair.pump();
        expect(server.engine.getStreamRecvDataLength(1)).to.be.at.least(0);
        server.engine.submitRstStream(1, CANCEL);
        pair.pump();
        expect(client.handler.closed.get(1)).to.include({ status: CANCEL, by: 'peer' });
        expect(client.engine.resumeData(1)).to.equal(false);
        expect(pair.pump()).to.equal(0);
        expect(server.handler.body(1)).to.have.lengthOf(500);
      });
    });
  }
});
