/**
 * A server that answers what it has begun when it is told to stop (SIGTERM), and waits no longer than it is allowed:
 * `node build/examples/graceful-shutdown.js`. Here it tells itself.
 */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { makeCertificate } from '../lib/http/server/connection/certificate.ts';
import { createServer, fetch, SpdyAgent } from '../lib/index.ts';

const certificate = makeCertificate();
const server = createServer(
  { ...certificate, closeTimeoutMs: 10_000 },
  async (_request, response) => {
    response.write('begun, ');
    await sleep(200);
    response.end('and finished');
  },
);
server.listen(0, '127.0.0.1');
await once(server, 'listening');
const { port } = server.address() as AddressInfo;

process.once('SIGTERM', () => {
  console.log('SIGTERM: no new connections, GOAWAY to those that are there');
  server.close(() => console.log('all requests are answered'));
});

const agent = new SpdyAgent({ tls: { ca: certificate.cert } });
const response = await fetch(`https://127.0.0.1:${port}/`, { agent });
process.kill(process.pid, 'SIGTERM');
console.log(await response.text());
if (server.listening || server.sessions.size > 0) await once(server, 'close');
await agent.close();
