import { expect } from 'chai';
import type { WindowUpdateMode } from '../../lib/engine/options.ts';
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
});
