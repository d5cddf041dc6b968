import { once } from 'node:events';
import http from 'node:http';
import https from 'node:https';
import net, { type AddressInfo, type Socket } from 'node:net';
import type { Duplex, Readable } from 'node:stream';
import { expect } from 'chai';
import {
  type PortForward,
  portForward,
} from '../../../lib/kubernetes/client/forward/port-forward.ts';
import type { PortForwardOptions } from '../../../lib/kubernetes/client/forward/port-forward-options.ts';
import { RemoteFailureError, UpgradeRefusedError } from '../../../lib/kubernetes/errors.ts';
import { forwardTo } from '../../../lib/kubernetes/server/forward-to.ts';
import { createStreamingServer } from '../../../lib/kubernetes/server/streaming-server.ts';
import { DEAD_PORT } from '../../support/dead-port.ts';
import { sharedCertificate } from '../../support/session-pair.ts';

/** Closes what a test has opened, the last first. */
const cleanups: (() => unknown)[] = [];

/** A TCP server on a free port. */
async function listening(server: net.Server | http.Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanups.push(() => server.close());
  return (server.address() as AddressInfo).port;
}

interface Cluster {
  readonly url: string;
  readonly requests: http.IncomingMessage[];
  readonly sockets: Socket[];
}

/** An API server whose pods' ports are those of this machine. */
async function cluster(
  refuse: (request: http.IncomingMessage) => boolean = () => false,
  secure = false,
): Promise<Cluster> {
  const requests: http.IncomingMessage[] = [];
  const sockets: Socket[] = [];
  const server = secure ? https.createServer(sharedCertificate()) : http.createServer();
  const streaming = createStreamingServer({ portForward: forwardTo() });
  server.on('upgrade', (request, socket: Duplex, head) => {
    requests.push(request);
    sockets.push(socket as Socket);
    socket.on('error', () => {});
    if (refuse(request)) socket.end('HTTP/1.1 400 Bad Request\r\nContent-Length: 5\r\n\r\nnever');
    else streaming.handleUpgrade(request, socket, head);
  });
  const port = await listening(server);
  cleanups.push(() => streaming.close());
  return { url: `http${secure ? 's' : ''}://127.0.0.1:${port}`, requests, sockets };
}

async function begin(server: string, options: PortForwardOptions = {}): Promise<PortForward> {
  const ca = sharedCertificate().cert;
  const forward = await portForward({ cluster: { server, ca, token: 't' }, pod: 'p1', ...options });
  cleanups.push(() => forward.close());
  return forward;
}

/** A TCP server that sends back what it gets, and ends when its client does. */
async function echoPort(): Promise<number> {
  return listening(
    net.createServer({ allowHalfOpen: true }, (socket) => {
      socket.on('error', () => {});
      socket.pipe(socket);
    }),
  );
}

async function text(stream: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  await once(stream, 'end');
  return Buffer.concat(chunks).toString();
}

describe('portForward() and a streaming server', () => {
  afterEach(async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  });

  for (const transport of ['spdy', 'websocket'] as const) {
    describe(`over ${transport}`, () => {
      it('carry many local connections to real ports, one of which nobody listens on', async () => {
        const { url, requests } = await cluster();
        const forward = await begin(url, { transport });
        const port = await echoPort();
        const [good, bad] = await Promise.all([forward.listen(port), forward.listen(DEAD_PORT)]);
        const told = once(forward, 'connectionError');
        const refused = net.connect(bad.port, '127.0.0.1');
        const failing = once(refused, 'close').then(
          () => expect.fail('it ended well'),
          (error: Error) => error,
        );
        const answers = await Promise.all(
          Array.from({ length: 60 }, async (_, i) => {
            const socket = net.connect(good.port, '127.0.0.1');
            const sent = `${i} `.repeat(5000);
            socket.end(sent);
            return (await text(socket)) === sent;
          }),
        );
        expect(answers.every(Boolean)).to.equal(true);
        expect(await failing).to.include({ code: 'ECONNRESET' });
        const [error] = await told;
        expect(error).to.be.instanceOf(RemoteFailureError);
        expect(error.message).to.match(/error forwarding port \d+ to pod p1.*ECONNREFUSED/);
        expect(requests).to.have.lengthOf(1);
        expect(requests[0]?.method).to.equal(transport === 'spdy' ? 'POST' : 'GET');
      });

      it('carry HTTP with kept connections', async () => {
        const { url } = await cluster();
        const web = http.createServer((request, response) => {
          request.pipe(response);
        });
        const port = await listening(web);
        cleanups.push(() => web.closeAllConnections());
        const forward = await begin(url, { transport });
        const listener = await forward.listen(port);
        const agent = new http.Agent({ keepAlive: true });
        for (const body of ['one', 'two', 'three']) {
          const request = http.request({ port: listener.port, agent, method: 'POST' });
          request.end(body);
          const [response] = await once(request, 'response');
          expect(await text(response)).to.equal(body);
        }
        expect(forward.connections).to.equal(1);
        agent.destroy();
      });

      it('carry much both ways at once', async () => {
        const { url } = await cluster();
        const forward = await begin(url, { transport });
        const connection = await forward.connect(await echoPort());
        const size = 8 << 20;
        connection.end(Buffer.alloc(size, 'x'));
        let received = 0;
        connection.on('data', (chunk: Buffer) => {
          received += chunk.length;
        });
        await once(connection, 'end');
        expect(received).to.equal(size);
      });

      it('lose and replace the connection to the cluster', async () => {
        const { url, sockets } = await cluster();
        const forward = await begin(url, { transport, reconnect: { minDelayMs: 1 } });
        const listener = await forward.listen(await echoPort());
        sockets[0]?.destroy();
        await once(forward, 'disconnect');
        const socket = net.connect(listener.port, '127.0.0.1');
        socket.end('again');
        expect(await text(socket)).to.equal('again');
        expect(sockets).to.have.lengthOf(2);
      });
    });
  }

  it('over TLS send the token, over either transport', async () => {
    const { url, requests } = await cluster(() => false, true);
    for (const transport of ['spdy', 'websocket'] as const) {
      const forward = await begin(url, { transport });
      const connection = await forward.connect(await echoPort());
      connection.end('x');
      expect(await text(connection)).to.equal('x');
      expect(requests.at(-1)?.headers.authorization).to.equal('Bearer t');
    }
  });

  it("fall back to WebSocket with 'auto', and remember that", async () => {
    const { url, requests, sockets } = await cluster(({ method }) => method === 'POST');
    const forward = await begin(url, { reconnect: true });
    const port = await echoPort();
    const first = await forward.connect(port);
    first.end('x');
    expect(await text(first)).to.equal('x');
    expect(requests.map(({ method }) => method)).to.deep.equal(['POST', 'GET']);
    sockets[1]?.destroy();
    await once(forward, 'disconnect');
    await forward.connect(port);
    expect(requests.map(({ method }) => method)).to.deep.equal(['POST', 'GET', 'GET']);
  });

  it('tell the first refusal when both are refused', async () => {
    const { url, requests } = await cluster(() => true);
    const error = await begin(url).catch((reason: unknown) => reason);
    expect(error).to.be.instanceOf(UpgradeRefusedError);
    expect(error).to.include({ statusCode: 400 });
    expect(String(error)).to.match(/never/);
    expect(requests).to.have.lengthOf(2);
    const only = await begin(url, { transport: 'websocket' }).catch((reason) => reason);
    expect(only).to.be.instanceOf(UpgradeRefusedError);
    expect(requests).to.have.lengthOf(3);
  });

  it('do not wait for ever for a WebSocket, and take no other sub-protocol', async () => {
    const silent = await listening(net.createServer((socket) => socket.on('error', () => {})));
    const url = `http://127.0.0.1:${silent}`;
    const late = await begin(url, { transport: 'websocket', timeoutMs: 50 }).catch((e) => e);
    expect(late).to.include({ code: 'ERR_SPDY_TIMEOUT' });
    const abort = new AbortController();
    const options = { transport: 'websocket', signal: abort.signal } as const;
    const waiting = begin(url, options).catch((reason: unknown) => reason);
    setImmediate(() => abort.abort());
    expect(await waiting).to.include({ code: 'ERR_SPDY_ABORTED' });
    const { WebSocketServer } = await import('ws');
    const other = http.createServer();
    const sockets = new WebSocketServer({ noServer: true });
    other.on('upgrade', (request, socket, head) => {
      const { 'sec-websocket-protocol': _, ...headers } = request.headers;
      const nameless = Object.create(request, { headers: { value: headers } });
      sockets.handleUpgrade(nameless, socket, head, () => {});
    });
    const port = await listening(other);
    const error = await begin(`http://127.0.0.1:${port}`, { transport: 'websocket' }).catch(
      (reason: unknown) => reason,
    );
    expect(error).to.be.instanceOf(UpgradeRefusedError);
    expect(error).to.include({ statusCode: 101 });
  });
});
