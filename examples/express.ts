/** An unmodified Express app over SPDY, with HTTP/1.1 for everybody else: `node build/examples/express.js`. */
import { once } from 'node:events';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
// @ts-expect-error: it comes without types
import express from 'express5';
import { makeCertificate } from '../lib/http/server/connection/certificate.ts';
import { createServer, fetch, SpdyAgent, type SpdyRequest } from '../lib/index.ts';

const app = express();
app.use(express.json());
app.post(
  '/sum',
  (request: SpdyRequest & { body: number[] }, response: { json(v: unknown): void }) =>
    response.json({
      by: request.stream === undefined ? 'HTTP/1.1' : 'SPDY',
      sum: request.body.reduce((sum, value) => sum + value, 0),
    }),
);

const certificate = makeCertificate();
const server = createServer(certificate, app);
server.listen(0, '127.0.0.1');
await once(server, 'listening');
const { port } = server.address() as AddressInfo;
const url = `https://127.0.0.1:${port}/sum`;

const init = {
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify([1, 2, 3]),
};
const agent = new SpdyAgent({ tls: { ca: certificate.cert } });
console.log(await (await fetch(url, { ...init, agent })).text());

const { method, headers, body } = init;
const plain = https.request(url, { method, headers, ca: certificate.cert });
const [response] = await once(plain.end(body), 'response');
console.log(await text(response));

await agent.close();
await server[Symbol.asyncDispose]();
