import { expect } from 'chai';
import type { DataSource } from '../../lib/engine/data-provider.ts';
import { Engine } from '../../lib/engine/engine.ts';
import { CLIENT, ERR_DEFERRED, PROTO_SPDY3_1, SERVER } from '../../lib/protocol/constants.ts';
import { TestProvider } from '../support/test-provider.ts';
import { memoryInUse } from './attack-support.ts';

const HEADERS = [['name', 'value']] as const;

/** Moves bytes between two engines until both are silent. */
function pump(client: Engine, server: Engine): void {
  for (;;) {
    const up = client.pull();
    if (up !== null) server.receive(up);
    const down = server.pull();
    if (down !== null) client.receive(down);
    if (up === null && down === null) return;
  }
}

describe('scenarios: many streams on one session', () => {
  it('1,000 at once are answered, and each provider is asked no more often than it has something to say', () => {
    const streams = 1000;
    let ended = 0;
    const server = new Engine(
      SERVER,
      PROTO_SPDY3_1,
      { maxConcurrentStreams: streams, compressionLevel: 0 },
      {
        onRequestRecv: (id) => {
          const provider = new TestProvider({ bytes: 20 });
          providers.push(provider);
          server.submitResponse(id, HEADERS, provider);
        },
      },
    );
    const providers: TestProvider[] = [];
    const client = new Engine(
      CLIENT,
      PROTO_SPDY3_1,
      {},
      {
        onStreamClose: (_id, _status, error) => {
          if (error === null) ended++;
        },
      },
    );
    for (let i = 0; i < streams; i++) {
      const provider = new TestProvider({ bytes: 20 });
      providers.push(provider);
      client.submitRequest(i % 8, HEADERS, provider);
    }
    expect(client.getOutboundQueueSize()).to.equal(streams);
    pump(client, server);
    expect(ended).to.equal(streams);
    expect(new Set(providers.map(({ reads }) => reads))).to.deep.equal(new Set([1]));
    for (const engine of [client, server]) {
      expect([engine.wantWrite(), engine.getOutboundQueueSize()]).to.deep.equal([false, 0]);
      expect(engine.statistics.streamsClosed).to.equal(streams);
    }
  });

  it('10,000 that are open and idle cost little, and nothing is asked of them while another one is busy', () => {
    const streams = 10_000;
    let reads = 0;
    const idle: DataSource = {
      readCb: () => {
        reads++;
        return ERR_DEFERRED;
      },
    };
    const before = memoryInUse();
    const server = new Engine(SERVER, PROTO_SPDY3_1, { maxConcurrentStreams: streams + 1 });
    const client = new Engine(CLIENT, PROTO_SPDY3_1);
    for (let i = 0; i < streams; i++) client.submitRequest(i % 8, HEADERS, idle);
    pump(client, server);
    expect(reads).to.equal(streams);
    // Both ends of each stream together, measured: about 1 KiB.
    expect((memoryInUse() - before) / streams).to.be.below(4096);

    const busy = new TestProvider({ bytes: 1_000_000 });
    client.submitRequest(7, HEADERS, busy);
    pump(client, server);
    expect(busy.delivered).to.equal(1_000_000);
    expect(reads).to.equal(streams);
    for (let id = 1; id < 2 * streams; id += 200) expect(client.resumeData(id)).to.equal(true);
    pump(client, server);
    expect(reads).to.equal(streams + streams / 100);
    client.transportEnd();
    server.transportEnd();
    expect(client.statistics.streamsClosed).to.equal(streams + 1);
  });
});
