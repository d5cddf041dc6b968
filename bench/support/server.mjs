// A server of one kind in a process of its own; tells its port to the process that forked it, and its CPU time when asked.
// All kinds: /bytes/N answers with N bytes, /small with 8 headers and 100 bytes. The raw one has no requests: N and a line feed.
import { once } from 'node:events';
import http2 from 'node:http2';
import { createRequire } from 'node:module';
import net from 'node:net';
import { PROTO_SPDY3_1, SERVER, Session } from '../../build/lib/index.js';
import { plainHeaders, responseHeaders } from './headers.mjs';
import { pieces, SMALL, WINDOW } from './tuning.mjs';

const SERVERS = {
  raw,
  http2: http2Server,
  'spdy-transport': spdyTransport,
  spdylay,
  SpdyStream: spdyStream,
};

const server = SERVERS[process.argv[2]]();
await once(server.listen(0, '127.0.0.1'), 'listening');
process.send(server.address().port);
process.on('message', () => process.send(process.cpuUsage()));
process.on('disconnect', () => process.exit());

function raw() {
  return net.createServer((socket) => {
    socket.setNoDelay(true).on('error', () => {});
    let line = '';
    socket.setEncoding('latin1').on('data', (text) => {
      line += text;
      if (!line.endsWith('\n')) return;
      void write(socket, Number(line));
      line = '';
    });
  });
}

function http2Server() {
  const server = http2.createServer({ settings: { initialWindowSize: WINDOW } });
  server.on('connection', (socket) => socket.setNoDelay(true));
  server.on('stream', (stream, headers) => {
    stream.on('error', () => {});
    const length = lengthOf(headers[':path']);
    const list = responseHeaders(stream.id, length ?? SMALL.length);
    stream.respond({ ...plainHeaders(list), ':status': 200 });
    if (length === null) stream.end(SMALL);
    else void write(stream, length).then(() => stream.end());
  });
  return server;
}

function spdyTransport() {
  const transport = createRequire(import.meta.url)('spdy-transport');
  return net.createServer((socket) => {
    socket.setNoDelay(true).on('error', () => {});
    const connection = transport.connection.create(socket, {
      protocol: 'spdy',
      isServer: true,
      windowSize: WINDOW,
      headerCompression: true,
    });
    connection.on('error', () => {});
    connection.start(3.1);
    connection.on('stream', (stream) => {
      stream.on('error', () => {});
      const length = lengthOf(stream.path);
      stream.respond(200, plainHeaders(responseHeaders(stream.id, length ?? SMALL.length)));
      if (length === null) stream.end(SMALL);
      else void write(stream, length).then(() => stream.end());
    });
  });
}

/** The events of a Session. */
function spdylay() {
  return spdylayServer((session) => {
    session.on('synStream', ({ streamId, headers }) => {
      const length = lengthOf(pathOf(headers));
      const list = responseHeaders(streamId, length ?? SMALL.length);
      session.submitResponse(streamId, list, length === null ? SMALL : pieces(length));
    });
  });
}

/** A Duplex for each stream. */
function spdyStream() {
  return spdylayServer((session) => {
    session.on('stream', (stream, headers) => {
      stream.on('error', () => {});
      const length = lengthOf(pathOf(headers));
      stream.respond(responseHeaders(stream.id, length ?? SMALL.length));
      if (length === null) stream.end(SMALL);
      else void write(stream, length).then(() => stream.end());
    });
  });
}

function spdylayServer(setUp) {
  return net.createServer((socket) => {
    socket.setNoDelay(true);
    const session = new Session(SERVER, PROTO_SPDY3_1, {
      initialWindowSize: WINDOW,
      sessionWindowSize: WINDOW,
    });
    session.on('error', () => {});
    setUp(session);
    session.attach(socket);
  });
}

const pathOf = (headers) => headers.find(([name]) => name === ':path')[1];

function lengthOf(path) {
  return path.startsWith('/bytes/') ? Number(path.slice(7)) : null;
}

async function write(writable, length) {
  for (const piece of pieces(length)) if (!writable.write(piece)) await once(writable, 'drain');
}
