// The npm package spdy-transport at both ends.
import { createRequire } from 'node:module';
import { requestFields, responseFields } from '../headers.mjs';
import { dial, socketServer } from '../sockets.mjs';
import { answer, MAX_STREAMS, received, upload, WINDOW } from '../work.mjs';

const transport = createRequire(import.meta.url)('spdy-transport');

export function serve(options) {
  return socketServer(options, 'spdy/3.1', (socket) => {
    create(socket, true).on('stream', (stream) => {
      stream.on('error', () => {});
      answer(stream.method, stream.path, stream, stream, (length) => {
        stream.respond(200, { ...responseFields(stream.id, length) });
        if (length === 0) stream.end();
      });
    });
  });
}

export async function connect(port, options) {
  const socket = await dial(port, options, 'spdy/3.1');
  const connection = create(socket, false);
  const open = ({ method, path, index, priority }) =>
    connection.request({
      method,
      path,
      host: 'www.example.org',
      headers: { ...requestFields(index) },
      priority: { weight: 256 - 32 * priority },
    });
  return {
    exchange: (request) => {
      const stream = open(request);
      upload(stream, request.upload);
      return received(stream);
    },
    close: () => socket.destroy(),
  };
}

function create(socket, isServer) {
  const connection = transport.connection.create(socket, {
    protocol: 'spdy',
    isServer,
    windowSize: WINDOW,
    headerCompression: true,
    maxStreams: MAX_STREAMS,
  });
  connection.on('error', () => {});
  connection.start(3.1);
  return connection;
}
