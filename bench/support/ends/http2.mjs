// Node's http2: streams at both ends, or a handler of its compat API at the server.
import http2 from 'node:http2';
import { requestFields, responseFields, ring } from '../headers.mjs';
import { dial, makeCertificate } from '../sockets.mjs';
import { answer, MAX_STREAMS, received, upload, WINDOW } from '../work.mjs';

/** Beyond the defaults: room for the memory of idle streams, and the windows that all kinds have. */
const options = ({ defaultWindows }) => ({
  maxSessionMemory: 1000,
  settings: { maxConcurrentStreams: MAX_STREAMS, ...(defaultWindows ? {} : WINDOWS) },
});
const WINDOWS = { initialWindowSize: WINDOW };

/** What `respond()` and `request()` take, made once like the lists of the others: both copy it. */
const replyOf = ring((index, length) => ({ ':status': 200, ...responseFields(index, length) }));
const requestOf = ring((index, method, path) => ({
  ':method': method,
  ':scheme': 'https',
  ':authority': 'www.example.org',
  ':path': path,
  ...requestFields(index),
}));

export function serve({ kind, secure, ...rest }) {
  const server = secure
    ? http2.createSecureServer({ ...makeCertificate(), ...options(rest) })
    : http2.createServer(options(rest));
  server.on(secure ? 'secureConnection' : 'connection', (socket) => socket.setNoDelay(true));
  server.on('session', (session) => {
    if (!rest.defaultWindows) session.setLocalWindowSize(WINDOW);
  });
  if (kind === 'http2 compat') server.on('request', onRequest);
  else server.on('stream', onStream);
  return server;
}

function onStream(stream, headers) {
  stream.on('error', () => {});
  answer(headers[':method'], headers[':path'], stream, stream, (length) => {
    stream.respond(replyOf(stream.id, length), { endStream: length === 0 });
  });
}

function onRequest(request, response) {
  answer(request.method, request.url, request, response, (length) => {
    response.writeHead(200, responseFields(request.stream.id, length));
    if (length === 0) response.end();
  });
}

export async function connect(port, { secure, ...rest }) {
  const socket = await dial(port, { secure }, 'h2');
  const session = http2.connect(`${secure ? 'https' : 'http'}://127.0.0.1:${port}`, {
    createConnection: () => socket,
    ...options(rest),
  });
  await new Promise((resolve) => session.once('remoteSettings', resolve));
  if (!rest.defaultWindows) session.setLocalWindowSize(WINDOW);
  const open = ({ method, path, index, upload: length, priority }) => {
    return session.request(requestOf(index, method, path), {
      endStream: length === 0,
      ...weight(priority),
    });
  };
  return {
    exchange: (request) => {
      const stream = open(request);
      if (request.upload > 0) upload(stream, request.upload);
      return received(stream);
    },
    hold: (index) => {
      const stream = open({ method: 'POST', path: '/empty', index });
      const done = received(stream);
      return () => {
        stream.end();
        return done;
      };
    },
    close: () => session.destroy(),
  };
}

/** Node 24 has no priorities any more. */
function weight(priority) {
  const known = priority > 0 && Number.parseInt(process.versions.node, 10) < 24;
  return known ? { weight: 256 - 32 * priority } : {};
}
