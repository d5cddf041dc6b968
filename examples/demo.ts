/**
 * A file over SPDY/3.1 and TLS, server and client in one process: every frame that the client sends (->) or receives (<-) is
 * printed, then the file is compared. `npm start -- FILE` takes another file; `SPDY=spdy/2` or `spdy/3` another version.
 */
import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { basename, resolve } from 'node:path';
import tls from 'node:tls';
import { makeCertificate } from '../lib/cli/certificate.ts';
import {
  connect,
  getNpnProtocols,
  npnGetVersion,
  OK,
  SERVER,
  Session,
  type SynStreamFrame,
} from '../lib/index.ts';
import { controlLine, dataLine } from './support/frame-line.ts';

const file = resolve(process.argv[2] ?? 'package-lock.json');
const { SPDY: wanted } = process.env;
const offered = wanted === undefined ? getNpnProtocols() : [wanted];

/** Serves the file on every path. */
async function startServer(key: string, cert: string): Promise<tls.Server> {
  const { size } = await stat(file);
  const server = tls.createServer({ key, cert, ALPNProtocols: getNpnProtocols() }, (socket) => {
    const version = npnGetVersion(socket.alpnProtocol);
    if (version === 0) {
      socket.destroy();
      return;
    }
    const session = new Session(SERVER, version);
    socket.pipe(session).pipe(socket);
    session.on('error', (error) => console.error(`server: ${error.message}`));
    session.on('requestRecv', (streamId) => {
      const headers = [
        [':status', '200 OK'],
        [':version', 'HTTP/1.1'],
        ['content-length', String(size)],
      ] as const;
      session.submitResponse(streamId, headers, createReadStream(file));
    });
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  return server;
}

function trace(session: Session): void {
  const frameIn = (text: string): void => console.log(`  <- ${text}`);
  const frameOut = (text: string): void => console.log(`  -> ${text}`);
  session.on('ctrlRecv', (frame) => frameIn(controlLine(frame)));
  session.on('dataRecv', (flags, id, length) => frameIn(dataLine(flags, id, length)));
  session.on('ctrlSend', (frame) => frameOut(controlLine(frame)));
  session.on('dataSend', (flags, id, length) => frameOut(dataLine(flags, id, length)));
}

/** Fetches the path; resolves with the hash of the body and its length when the stream has ended well. */
function fetchOver(session: Session, port: number): Promise<{ hash: Hash; length: number }> {
  return new Promise((done, fail) => {
    const hash = createHash('sha256');
    let length = 0;
    session.on('dataChunkRecv', (_flags, _streamId, chunk) => {
      hash.update(chunk);
      length += chunk.length;
    });
    session.on('streamClose', (streamId, status, error) => {
      if (status === OK && error === null) done({ hash, length });
      else fail(new Error(`stream ${streamId} ended with status ${status}`, { cause: error }));
    });
    session.submitRequest(0, [
      [':method', 'GET'],
      [':scheme', 'https'],
      [':host', `127.0.0.1:${port}`],
      [':path', `/${basename(file)}`],
      [':version', 'HTTP/1.1'],
    ] satisfies SynStreamFrame['headers']);
  });
}

async function hashOfFile(): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

const { key, cert } = makeCertificate();
const server = await startServer(key, cert);
const { port } = server.address() as AddressInfo;
console.log(`Serving ${file}\non 127.0.0.1:${port} with a certificate made just now.\n`);

const session = await connect({
  host: '127.0.0.1',
  port,
  tls: { ca: cert },
  protocols: offered,
});
console.log(`ALPN chose ${session.version.name}. Frames of the client:\n`);
trace(session);
const body = await fetchOver(session, port);
const roundTripMs = await session.ping();
await session.close();
server.close();

const expected = await hashOfFile();
const received = body.hash.digest('hex');
const { framesSent, framesReceived, bytesReceived } = session.statistics;
console.log(`
Received ${body.length} bytes in ${framesReceived} frames (${bytesReceived} bytes on the wire),
sent ${framesSent} frames, round trip ${roundTripMs.toFixed(2)} ms.
sha256 received  ${received}
sha256 of file   ${expected}
`);
if (received === expected) {
  console.log('The file arrived as it is. Try next:');
  console.log('  SPDY=spdy/2 npm start                the same in another version (or spdy/3)');
  console.log('  npm start -- SOME_FILE               another file');
  console.log('  node build/examples/pipe.js          two sessions over plain TCP');
  console.log('  node build/examples/engine.js        the protocol without any I/O');
} else {
  console.error('The file did NOT arrive as it is.');
  process.exitCode = 1;
}
