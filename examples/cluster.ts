/** Two processes that share a port, as with any server of Node: `node build/examples/cluster.js`. */
import cluster from 'node:cluster';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { type Certificate, makeCertificate } from '../lib/http/server/connection/certificate.ts';
import { createServer, fetch, SpdyAgent } from '../lib/index.ts';

const WORKERS = 2;

if (cluster.isPrimary) {
  const certificate = makeCertificate();
  const env = { CERTIFICATE: JSON.stringify(certificate) };
  const ports = new Set<number>();
  for (let i = 0; i < WORKERS; i++) {
    const [address] = (await once(cluster.fork(env), 'listening')) as [AddressInfo];
    ports.add(address.port);
  }
  const [port] = ports;
  // New connections go to the processes in turn; the requests of a session stay together.
  const seen = new Set<string>();
  for (let i = 0; i < 4; i++) {
    const agent = new SpdyAgent({ tls: { ca: certificate.cert } });
    const first = await (await fetch(`https://127.0.0.1:${port}/`, { agent })).text();
    const second = await (await fetch(`https://127.0.0.1:${port}/`, { agent })).text();
    if (first !== second) throw new Error('a session was split');
    seen.add(first);
    await agent.close();
  }
  console.log(`${ports.size} port, ${seen.size} processes`);
  await new Promise<void>((done) => cluster.disconnect(done));
} else {
  const { CERTIFICATE = '{}' } = process.env;
  const certificate = JSON.parse(CERTIFICATE) as Certificate;
  const server = createServer(certificate, (_request, response) => response.end(`${process.pid}`));
  server.listen(0, '127.0.0.1');
}
