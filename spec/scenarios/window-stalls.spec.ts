import { expect } from 'chai';
import type { WindowUpdateMode } from '../../lib/engine/options/options.ts';
import {
  PROTO_SPDY3,
  PROTO_SPDY3_1,
  SETTINGS_INITIAL_WINDOW_SIZE,
} from '../../lib/protocol/constants.ts';
import { EnginePair } from '../support/engine-pair.ts';
import { patternBytes, TestProvider } from '../support/test-provider.ts';

const HEADERS = [[':method', 'POST']] as const;

function initialWindow(value: number): { id: number; flags: number; value: number }[] {
  return [{ id: SETTINGS_INITIAL_WINDOW_SIZE, flags: 0, value }];
}

/** A SPDY/3.1 pair whose server consumes at once what it gets, where that is asked of it. */
function makePair(mode: WindowUpdateMode): EnginePair {
  const pair = new EnginePair(PROTO_SPDY3_1, { server: { windowUpdates: mode } });
  const { engine, handler } = pair.server;
  handler.afterEach = ({ cb, streamId = 0, length = 0 }) => {
    if (mode === 'consume' && cb === 'on_data_chunk_recv') engine.consume(streamId, length);
  };
  return pair;
}

describe('scenarios: window stalls', () => {
  for (const mode of ['auto', 'consume'] as const) {
    it(`lowering INITIAL_WINDOW_SIZE gives back what was held back for half of the old window (${mode})`, () => {
      const pair = makePair(mode);
      const { client, server } = pair;
      const provider = new TestProvider({ bytes: 100_000, deferAt: [30_000] });
      client.engine.submitRequest(0, HEADERS, provider);
      pair.pump();
      server.engine.submitSettings(0, initialWindow(16_384));
      pair.pump();
      client.engine.resumeData(1);
      pair.pump();
      expect(server.handler.body(1).equals(patternBytes(100_000))).to.equal(true);
    });
  }

  it('credit that the application grants ahead of consume() is not given a second time (checklist 190)', () => {
    const pair = new EnginePair(PROTO_SPDY3_1, { server: { windowUpdates: 'consume' } });
    const { client, server } = pair;
    client.engine.submitRequest(0, HEADERS, new TestProvider({ bytes: 80_000, deferAt: [40_000] }));
    pair.pump();
    for (const id of [0, 1]) server.engine.submitWindowUpdate(id, 40_000);
    pair.pump();
    client.engine.resumeData(1);
    pair.pump();
    server.engine.consume(1, 80_000);
    pair.pump();
    const granted = server.written.reduce(
      (sum, { frame }) => sum + (frame.streamId === 0 ? (frame.deltaWindowSize ?? 0) : 0),
      0,
    );
    expect(granted).to.equal(80_000);
    expect(server.engine.getRecvDataLength()).to.equal(0);
  });

  for (const version of [PROTO_SPDY3, PROTO_SPDY3_1] as const) {
    it(`a body that ends while its window is closed is finished by resumeData() (checklist 180), version ${version}`, () => {
      const pair = new EnginePair(version, { server: { windowUpdates: 'manual' } });
      const { client, server } = pair;
      const endless = {
        ended: false,
        readCb: (_id: number, length: number) => Buffer.alloc(length),
      };
      client.engine.submitRequest(0, HEADERS, endless);
      pair.pump();
      expect(client.engine.resumeData(1)).to.equal(false);
      endless.ended = true;
      expect(client.engine.resumeData(1)).to.equal(true);
      pair.pump();
      expect(server.handler.body(1)).to.have.lengthOf(65_536);
      expect(server.handler.named('on_request_recv')).to.have.lengthOf(1);
    });
  }

  for (const version of [PROTO_SPDY3, PROTO_SPDY3_1] as const) {
    describe(`version ${version}`, () => {
      /** A client whose peer grants nothing by itself, and a request of many bytes that has used up its window. */
      function stalled(): { pair: EnginePair; provider: TestProvider; received(): number } {
        const pair = new EnginePair(version, { server: { windowUpdates: 'manual' } });
        const provider = new TestProvider({ bytes: 200_000 });
        pair.client.engine.submitRequest(1, HEADERS, provider);
        pair.pump();
        return { pair, provider, received: () => pair.server.handler.body(1).length };
      }

      /** Lets the server grant bytes on stream 1, and on the session where that has a window. */
      function grant(pair: EnginePair, bytes: number): void {
        const { engine } = pair.server;
        engine.submitWindowUpdate(1, bytes);
        if (engine.version.sessionWindow) engine.submitWindowUpdate(0, bytes);
        pair.pump();
      }

      it('a body stops at the window and goes on by exactly what is granted (checklist 173-176, 179)', () => {
        const { pair, provider, received } = stalled();
        expect(received()).to.equal(65_536);
        const { reads } = provider;
        pair.pump();
        expect(provider.reads, 'nobody asks without a window').to.equal(reads);
        grant(pair, 1);
        expect(received()).to.equal(65_537);
        grant(pair, 100_000);
        expect(received()).to.equal(165_537);
        grant(pair, 100_000);
        expect(received()).to.equal(200_000);
        expect(pair.server.handler.named('on_request_recv')).to.have.lengthOf(1);
      });

      it('a window that SETTINGS makes negative opens at 1 byte above 0 (checklist 196-199)', () => {
        const { pair, received } = stalled();
        const { server } = pair;
        server.engine.submitSettings(0, initialWindow(16_384));
        // The session window has nothing to do with it: open it wide.
        if (server.engine.version.sessionWindow) server.engine.submitWindowUpdate(0, 1_000_000);
        pair.pump();
        server.engine.submitWindowUpdate(1, 49_152);
        pair.pump();
        expect(received()).to.equal(65_536);
        server.engine.submitWindowUpdate(1, 1);
        pair.pump();
        expect(received()).to.equal(65_537);
        server.engine.submitSettings(0, initialWindow(16_484));
        pair.pump();
        expect(received()).to.equal(65_637);
      });

      it('with INITIAL_WINDOW_SIZE 0 only FIN passes until WINDOW_UPDATE comes (checklist 180, 201)', () => {
        const pair = new EnginePair(version, { server: { windowUpdates: 'manual' } });
        const { client, server } = pair;
        server.engine.submitSettings(0, initialWindow(0));
        pair.pump();
        client.engine.submitRequest(0, HEADERS, new TestProvider({ bytes: 100 }));
        client.engine.submitRequest(0, HEADERS, new TestProvider({}));
        pair.pump();
        expect(server.handler.streamsWithBody).to.deep.equal([]);
        expect(
          server.handler.named('on_request_recv').map(({ streamId }) => streamId),
        ).to.deep.equal([3]);
        expect(client.engine.wantWrite()).to.equal(false);
        server.engine.submitWindowUpdate(1, 40);
        pair.pump();
        expect(server.handler.body(1)).to.have.lengthOf(40);
      });

      it('a stalled stream holds up no other stream and no control frame (checklist 195)', () => {
        const { pair, received } = stalled();
        const { client, server } = pair;
        if (server.engine.version.sessionWindow) server.engine.submitWindowUpdate(0, 10_000);
        client.engine.submitRequest(3, HEADERS, new TestProvider({ bytes: 10_000 }));
        client.engine.submitHeaders(0, 1, HEADERS);
        client.engine.submitPing();
        pair.pump();
        expect(server.handler.body(3)).to.have.lengthOf(10_000);
        expect(client.handler.named('on_ctrl_recv').map(({ frame }) => frame?.type)).to.include(
          'PING',
        );
        expect(received()).to.equal(65_536);
      });
    });
  }

  it('what a closed session window holds back goes by priority when it opens (checklist 177, 279)', () => {
    const pair = new EnginePair(PROTO_SPDY3_1, { server: { windowUpdates: 'manual' } });
    const { client, server } = pair;
    client.engine.submitRequest(0, HEADERS, new TestProvider({ bytes: 65_536 }));
    pair.pump();
    for (const priority of [5, 2, 7]) {
      client.engine.submitRequest(priority, HEADERS, new TestProvider({ bytes: 3000 }));
    }
    pair.pump();
    expect(server.handler.streamsWithBody).to.deep.equal([1]);
    // Ids were given by priority: 3 has 2, 5 has 5, 7 has 7.
    for (const streams of [
      [1, 3],
      [1, 3, 5],
      [1, 3, 5, 7],
    ]) {
      server.engine.submitWindowUpdate(0, 3000);
      pair.pump();
      expect(server.handler.streamsWithBody).to.deep.equal(streams);
    }
  });
});
