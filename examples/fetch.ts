/** `fetch()` over SPDY, and Node's own `fetch()` made to go over SPDY: `node build/examples/fetch.js [url]`. */
import { SpdyAgent, SpdyDispatcher, fetch as spdyFetch } from '../lib/index.ts';
import { startServer } from './support/origin.ts';

const [given] = process.argv.slice(2);
const server = given === undefined ? await startServer() : null;
const url = given ?? `${server?.url}/greeting`;
const agent = new SpdyAgent(server === null ? {} : { tls: { ca: server.cert } });

const response = await spdyFetch(url, { agent });
console.log(`${response.status} ${response.headers.get('content-type')}`);
console.log(await response.text());

const dispatcher = new SpdyDispatcher(agent);
// Its types know only dispatchers of undici.
const init = { dispatcher } as unknown as RequestInit;
const same = await globalThis.fetch(url, init);
console.log(`${same.status} with the fetch of Node, in the same session`);
await same.body?.cancel();

for (const { origin, protocol, requests, connects } of agent.statistics) {
  const shown = given === undefined ? 'the server' : origin;
  console.log(`${shown}: ${protocol}, ${requests} requests, ${connects} connection`);
}
await agent.close();
await server?.close();
