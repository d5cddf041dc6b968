// Node's http2 with the package `send`, which Express serves files by.
import http2 from 'node:http2';
import send from 'send';
import { MAX_STREAMS, WINDOW } from '../work.mjs';

export { connect } from './http2.mjs';

export function serve({ root }) {
  const settings = { maxConcurrentStreams: MAX_STREAMS, initialWindowSize: WINDOW };
  const server = http2.createServer({ settings, maxSessionMemory: 1000 });
  server.on('connection', (socket) => socket.setNoDelay(true));
  return server.on('request', (request, response) => {
    send(request, request.url, { root }).pipe(response);
  });
}
