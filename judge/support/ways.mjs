// The ways to speak with an application: HTTP/1.1 is the truth, SPDY has to be equal.
import http from 'node:http';
import https from 'node:https';
import * as spdy from '../../build/lib/index.js';
import { sharedCertificate } from '../../build/spec/support/session-pair.js';

const { key, cert } = sharedCertificate();

/** HTTP/1.1 over TCP or TLS. */
function http1(secure) {
  const module = secure ? https : http;
  return {
    title: secure ? 'HTTPS/1.1' : 'HTTP/1.1',
    secure,
    createServer: (handler) => module.createServer(secure ? { key, cert } : {}, handler),
    createAgent: () => new module.Agent({ keepAlive: true, ca: cert }),
    request: module.request,
  };
}

/** A version of SPDY, over TCP or TLS. */
function spdyOf(version, secure) {
  return {
    title: `${version.toUpperCase()} over ${secure ? 'TLS' : 'TCP'}`,
    secure,
    createServer: (handler) =>
      spdy.createServer(
        secure ? { key, cert, versions: [version] } : { tls: false, version },
        handler,
      ),
    createAgent: () =>
      new spdy.SpdyAgent(secure ? { tls: { ca: cert }, protocols: [version] } : { version }),
    request: spdy.request,
  };
}

/** What an application answers by the first of each is what it has to answer by the others. */
export const TRUTHS = [
  { truth: http1(false), others: ['spdy/2', 'spdy/3', 'spdy/3.1'].map((v) => spdyOf(v, false)) },
  { truth: http1(true), others: [spdyOf('spdy/3.1', true)] },
];

/** Every way. */
export const WAYS = TRUTHS.flatMap(({ truth, others }) => [truth, ...others]);

/** An URL of a server that listens. */
export function originOf(way, server) {
  return `${way.secure ? 'https' : 'http'}://127.0.0.1:${server.address().port}`;
}

/** Ends a server with all of its connections. */
export async function shut(server) {
  server.closeAllConnections();
  await new Promise((done) => server.close(done));
}
