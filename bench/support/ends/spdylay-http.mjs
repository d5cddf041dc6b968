// spdylay's HTTP server with a handler of Node's shape; the client has SpdyStreams, or is an agent.

import { requestFields, responseFields } from '../headers.mjs';
import { load } from '../product.mjs';
import { makeCertificate } from '../sockets.mjs';
import { answer, received, upload } from '../work.mjs';
import { connect as connectStreams, sessionOptions } from './spdylay.mjs';

const { createServer, SpdyAgent } = await load('index.js');

export function serve({ secure, ...options }) {
  const base = secure ? makeCertificate() : { tls: false };
  // Connections wait for their next turn.
  const settings = { ...base, idleTimeoutMs: 0, session: sessionOptions(options) };
  const server = createServer(settings, (request, response) => {
    answer(request.method, request.url, request, response, (length) => {
      response.writeHead(200, responseFields(request.stream.id, length));
      if (length === 0) response.end();
    });
  });
  return server.on('sessionError', () => {}).on('connection', (socket) => socket.setNoDelay(true));
}

export async function connect(port, options) {
  if (options.kind === 'createServer') return connectStreams(port, options);
  const agent = new SpdyAgent({
    version: 'spdy/3.1',
    idleTimeoutMs: 0,
    tls: { rejectUnauthorized: false },
    session: sessionOptions(options),
  });
  const origin = `${options.secure ? 'https' : 'http'}://localhost:${port}`;
  return {
    exchange: ({ method, path, index, upload: length, priority }) =>
      new Promise((resolve, reject) => {
        const fields = { method, priority, headers: requestFields(index) };
        const request = agent.request(origin + path, fields, (response) => {
          received(response).then(resolve, reject);
        });
        request.on('error', reject);
        if (length > 0) upload(request, length);
        else request.end();
      }),
    close: () => agent.destroy(),
  };
}
