/**
 * Serves a folder over SPDY and TLS on 127.0.0.1, fetches one file from it in the same process, and prints every frame that the client
 * sends (->) or receives (<-). `npm start -- FILE` takes another file and its folder; `SPDY=spdy/2` or `spdy/3` another version. On a
 * terminal it goes on serving, for spdycat and browsers, until Ctrl-C.
 */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { basename, dirname, relative, resolve } from 'node:path';
import { makeCertificate } from '../lib/http/server/connection/certificate.ts';
import { connect, createServer, getNpnProtocols, type Session } from '../lib/index.ts';
import { serveFiles } from '../lib/tools/index.ts';
import { controlLine, dataLine } from './support/frame-line.ts';

const file = resolve(process.argv[2] ?? 'package-lock.json');
const folder = dirname(file);
const path = `/${encodeURIComponent(basename(file))}`;
const { SPDY: wanted, CI = '' } = process.env;

const certificate = makeCertificate();
const server = createServer(certificate, serveFiles({ root: folder, listing: true }));
server.listen(0, '127.0.0.1');
await once(server, 'listening');
const { port } = server.address() as AddressInfo;
const origin = `https://127.0.0.1:${port}`;
console.log(`Serving ${folder}\nat ${origin} with a certificate made just now.\n`);

const session = await connect({
  host: '127.0.0.1',
  port,
  tls: { ca: certificate.cert },
  protocols: wanted === undefined ? getNpnProtocols() : [wanted],
});
console.log(`ALPN chose ${session.version.name}. Frames of the client:\n`);
trace(session);
const { status, length, digest } = await fetchOver(session);
const roundTripMs = await session.ping();
await session.close();

const expected = await digestOf(createReadStream(file));
const same = status.startsWith('200') && digest === expected;
const { framesSent, framesReceived, bytesReceived } = session.statistics;
console.log(`
Status ${status}: ${length} bytes in ${framesReceived} frames (${bytesReceived} bytes on the wire),
sent ${framesSent} frames, round trip ${roundTripMs.toFixed(2)} ms.
sha256 received  ${digest}
sha256 of file   ${expected}
`);
if (!same) {
  console.error('The file did NOT arrive as it is.');
  process.exitCode = 1;
} else {
  console.log('The file arrived as it is.');
}

if (same && process.stdout.isTTY && CI === '') {
  console.log(`The server goes on until you press Ctrl-C. Try, in another terminal,

  npx spdycat -k -v ${origin}${path} > copy
  npx spdycat -k -s -n -m 3 ${origin}/

for all details of the frames, and for the times of requests. Or open ${origin}/
in a browser: it gets HTTP/1.1 from the same server (no browser speaks SPDY any more), and
warns of the certificate.`);
  await once(process, 'SIGINT');
} else {
  const examples = relative('', import.meta.dirname);
  console.log(`Try next:
  npx spdyd --list 6121                       the server alone
  npx spdycat -k -v https://127.0.0.1:6121/   a client for it; with a browser it speaks HTTP/1.1
  SPDY=spdy/2 npm start                       this in another version (or spdy/3)
  npm start -- SOME_FILE                      another file
  node ${`${examples}/pipe.js`.padEnd(39)}two sessions over plain TCP
  node ${`${examples}/engine.js`.padEnd(39)}the protocol without any I/O`);
}
server.close();
server.closeIdleConnections();

function trace(session: Session): void {
  const frameIn = (text: string): void => console.log(`  <- ${text}`);
  const frameOut = (text: string): void => console.log(`  -> ${text}`);
  session.on('ctrlRecv', (frame) => frameIn(controlLine(frame)));
  session.on('dataRecv', (flags, id, length) => frameIn(dataLine(flags, id, length)));
  session.on('ctrlSend', (frame) => frameOut(controlLine(frame)));
  session.on('dataSend', (flags, id, length) => frameOut(dataLine(flags, id, length)));
}

/** Fetches the file; resolves when all of it has come. */
async function fetchOver(
  session: Session,
): Promise<{ status: string; length: number; digest: string }> {
  const headers = [
    [':method', 'GET'],
    [':scheme', 'https'],
    [':host', `127.0.0.1:${port}`],
    [':path', path],
    [':version', 'HTTP/1.1'],
  ] as const;
  const stream = session.request(headers, { priority: 0, endStream: true });
  const digest = await digestOf(stream);
  const [, status = 'none'] = stream.replyHeaders?.find(([name]) => name === ':status') ?? [];
  return { status, length: stream.bytesRead, digest };
}

async function digestOf(source: AsyncIterable<Buffer>): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of source) hash.update(chunk);
  return hash.digest('hex');
}
