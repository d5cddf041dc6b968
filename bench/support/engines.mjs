import { load } from './product.mjs';

const { CLIENT, Engine, PROTO_SPDY2, PROTO_SPDY3, PROTO_SPDY3_1, SERVER } = await load('index.js');

/** The versions and how they are called. */
export const VERSIONS = { 'spdy/2': PROTO_SPDY2, 'spdy/3': PROTO_SPDY3, 'spdy/3.1': PROTO_SPDY3_1 };

/** Two engines; `pump()` carries bytes both ways until both are silent. */
export class EnginePair {
  constructor(version, { client = {}, server = {}, clientHandler = {}, serverHandler = {} } = {}) {
    this.client = new Engine(CLIENT, version, client, clientHandler);
    this.server = new Engine(SERVER, version, server, serverHandler);
  }

  pump() {
    for (;;) {
      const up = this.client.pull();
      if (up !== null) this.server.receive(up);
      const down = this.server.pull();
      if (down !== null) this.client.receive(down);
      if (up === null && down === null) return;
    }
  }
}
