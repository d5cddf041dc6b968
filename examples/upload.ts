/** A streamed upload whose answer streams back meanwhile: `node build/examples/upload.js`. */
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { SpdyAgent } from '../lib/index.ts';
import { startServer } from './support/origin.ts';

const server = await startServer();
const agent = new SpdyAgent({ tls: { ca: server.cert } });

function* pieces(): Generator<Buffer> {
  for (let i = 0; i < 1000; i++) yield Buffer.alloc(10_000, 'upload ');
}

const request = agent.request(`${server.url}/echo`, { method: 'POST' });
const sent = pipeline(Readable.from(pieces()), request);
const [response] = (await once(request, 'response')) as [IncomingMessage];
let bytes = 0;
for await (const chunk of response) bytes += (chunk as Buffer).length;
await sent;
console.log(`${response.statusCode}: ${bytes} bytes went there and back`);
await agent.close();
await server.close();
