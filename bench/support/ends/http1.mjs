// Node's http with keep-alive. A "connection" here is an agent, which takes a socket for each request under way.
import http from 'node:http';
import https from 'node:https';
import { requestFields, responseFields } from '../headers.mjs';
import { makeCertificate } from '../sockets.mjs';
import { answer, received, upload } from '../work.mjs';

export function serve({ secure }) {
  let index = 0;
  const handler = (request, response) => {
    answer(request.method, request.url, request, response, (length) => {
      response.writeHead(200, responseFields(index++, length));
      if (length === 0) response.end();
    });
  };
  const server = secure
    ? https.createServer(makeCertificate(), handler)
    : http.createServer(handler);
  // Connections wait for their next turn.
  server.keepAliveTimeout = 0;
  return server;
}

export async function connect(port, { secure }) {
  const { Agent, request: send } = secure ? https : http;
  const agent = new Agent({ keepAlive: true, maxSockets: Infinity, maxFreeSockets: 10_000 });
  const target = { agent, port, host: '127.0.0.1', rejectUnauthorized: false };
  return {
    exchange: ({ method, path, index, upload: length }) =>
      new Promise((resolve, reject) => {
        const headers = { host: 'www.example.org', ...requestFields(index) };
        if (length > 0) headers['content-length'] = length;
        const request = send({ ...target, method, path, headers });
        request.on('response', (response) => received(response).then(resolve, reject));
        request.on('error', reject);
        if (length > 0) upload(request, length);
        else request.end();
      }),
    close: () => agent.destroy(),
  };
}
