// The clients of the comparisons, all of one shape; download(bytes) and small(index) resolve at the end of the reply.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import http2 from 'node:http2';
import { createRequire } from 'node:module';
import net from 'node:net';
import { CLIENT, PROTO_SPDY3_1, Session } from '../../build/lib/index.js';
import { plainHeaders, requestHeaders } from './headers.mjs';
import { SMALL, WINDOW } from './tuning.mjs';

const CLIENTS = {
  raw,
  http2: http2Client,
  'spdy-transport': spdyTransport,
  spdylay,
  SpdyStream: spdyStream,
};

/** Starts the server of a kind in a process of its own and connects to it. */
export async function start(kind) {
  const server = fork(new URL('./server.mjs', import.meta.url), [kind], { execArgv: [] });
  const [port] = await once(server, 'message');
  const client = await CLIENTS[kind](port);
  return {
    download: async (length) => check(await client.get(`/bytes/${length}`, 0), length),
    small: async (index) => check(await client.get('/small', index), SMALL.length),
    /** Microseconds of CPU time so far, of both processes. */
    cpu: async () => {
      server.send('cpu');
      const [theirs] = await once(server, 'message');
      const ours = process.cpuUsage();
      return theirs.user + theirs.system + ours.user + ours.system;
    },
    close: () => {
      client.close();
      server.disconnect();
    },
  };
}

/** Runs `body` and measures: `{ seconds, cpu }`, the latter in microseconds of both processes. */
export async function timed(peer, body) {
  const before = await peer.cpu();
  const started = performance.now();
  await body();
  const seconds = (performance.now() - started) / 1000;
  return { seconds, cpu: (await peer.cpu()) - before };
}

function check(received, expected) {
  if (received !== expected) throw new Error(`${received} bytes instead of ${expected}`);
}

async function connect(port) {
  const socket = net.connect(port, '127.0.0.1').setNoDelay(true);
  await once(socket, 'connect');
  return socket;
}

async function raw(port) {
  const socket = await connect(port);
  let onBytes = () => {};
  socket.on('data', (chunk) => onBytes(chunk.length));
  return {
    get: (path) =>
      new Promise((resolve) => {
        const length = Number(path.slice(7));
        let received = 0;
        onBytes = (count) => {
          received += count;
          if (received >= length) resolve(received);
        };
        socket.write(`${length}\n`);
      }),
    close: () => socket.destroy(),
  };
}

async function http2Client(port) {
  const socket = await connect(port);
  const session = http2.connect(`http://127.0.0.1:${port}`, {
    createConnection: () => socket,
    settings: { initialWindowSize: WINDOW },
  });
  await once(session, 'remoteSettings');
  session.setLocalWindowSize(WINDOW);
  return {
    get: (path, index) =>
      new Promise((resolve, reject) => {
        const stream = session.request({ ...plainHeaders(requestHeaders(index)), ':path': path });
        let received = 0;
        stream.on('data', (chunk) => {
          received += chunk.length;
        });
        stream.on('end', () => resolve(received));
        stream.on('error', reject);
      }),
    close: () => session.destroy(),
  };
}

async function spdyTransport(port) {
  const transport = createRequire(import.meta.url)('spdy-transport');
  const socket = await connect(port);
  const connection = transport.connection.create(socket, {
    protocol: 'spdy',
    isServer: false,
    windowSize: WINDOW,
  });
  connection.on('error', () => {});
  connection.start(3.1);
  return {
    get: (path, index) =>
      new Promise((resolve, reject) => {
        const headers = plainHeaders(requestHeaders(index));
        const stream = connection.request({
          method: 'GET',
          path,
          host: 'www.example.org',
          headers,
        });
        let received = 0;
        stream.on('data', (chunk) => {
          received += chunk.length;
        });
        stream.on('end', () => resolve(received));
        stream.on('error', reject);
      }),
    close: () => socket.destroy(),
  };
}

async function spdylaySession(port) {
  const socket = await connect(port);
  const session = new Session(CLIENT, PROTO_SPDY3_1, {
    initialWindowSize: WINDOW,
    sessionWindowSize: WINDOW,
  });
  session.attach(socket);
  session.on('error', () => {});
  const close = () => {
    session.destroy();
    socket.destroy();
  };
  return { session, close };
}

/** The events of a Session. */
async function spdylay(port) {
  const { session, close } = await spdylaySession(port);
  session.on('dataChunkRecv', (_flags, streamId, chunk) => {
    session.getStreamUserData(streamId).received += chunk.length;
  });
  session.on('streamClose', (streamId, _status, error) => {
    const { resolve, reject, received } = session.getStreamUserData(streamId);
    if (error) reject(error);
    else resolve(received);
  });
  return {
    get: (path, index) =>
      new Promise((resolve, reject) => {
        session.submitRequest(0, headersFor(path, index), null, { resolve, reject, received: 0 });
      }),
    close,
  };
}

/** A Duplex for each stream. */
async function spdyStream(port) {
  const { session, close } = await spdylaySession(port);
  return {
    get: (path, index) =>
      new Promise((resolve, reject) => {
        const stream = session.request(headersFor(path, index), { endStream: true });
        let received = 0;
        stream.on('data', (chunk) => {
          received += chunk.length;
        });
        stream.on('end', () => resolve(received));
        stream.on('error', reject);
      }),
    close,
  };
}

function headersFor(path, index) {
  return requestHeaders(index).map(([name, value]) => [name, name === ':path' ? path : value]);
}
