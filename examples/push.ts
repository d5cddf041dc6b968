/** A server that pushes the style sheet of a page, and a client that takes it: `node build/examples/push.js`. */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { makeCertificate } from '../lib/http/server/connection/certificate.ts';
import { connect, createServer } from '../lib/index.ts';

const certificate = makeCertificate();
const server = createServer(certificate, (_request, response) => {
  // By HTTP/1.1 there is no push. Before the page, which mentions it:
  response.push?.('/style.css', { 'content-type': 'text/css' }).end('h1 { color: green }');
  response.setHeader('content-type', 'text/html');
  response.end('<link rel="stylesheet" href="/style.css"><h1>Pushed</h1>');
});
server.listen(0, '127.0.0.1');
await once(server, 'listening');
const { port } = server.address() as AddressInfo;

const session = await connect({ host: '127.0.0.1', port, tls: { ca: certificate.cert } });
const page = session.request(
  [
    [':method', 'GET'],
    [':scheme', 'https'],
    [':host', `127.0.0.1:${port}`],
    [':path', '/'],
    [':version', 'HTTP/1.1'],
  ],
  { endStream: true },
);
const pushed: Promise<void>[] = [];
page.on('push', (stream) => {
  const path = stream.headers.find(([name]) => name === ':path')?.[1];
  pushed.push(text(stream).then((body) => console.log(`pushed ${path}: ${body}`)));
});
console.log(`answered: ${await text(page)}`);
await Promise.all(pushed);

await session.close();
await server[Symbol.asyncDispose]();
