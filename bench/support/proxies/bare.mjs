// What a proxy on Node's own modules takes at the least: HTTP/2 or HTTP/1.1 in front, http.request() behind; no check, no timer, and of
// the header fields only those of a connection are left out. Arguments: what is
// spoken in front, the port behind, its own.
import http from 'node:http';
import http2 from 'node:http2';

const [protocol, back, port] = process.argv.slice(2);
const agent = new http.Agent({ keepAlive: true, maxSockets: 256, scheduling: 'lifo' });
const HOP_FIELDS = ['connection', 'keep-alive', 'transfer-encoding'];

/** `front` takes the answer: when that has closed nobody wants the rest. */
function send(method, path, headers, body, front, respond) {
  const target = { agent, host: '127.0.0.1', port: back, method, path, headers };
  const request = http.request(target, (answer) => {
    answer.on('error', () => {});
    respond(answer);
  });
  request.on('error', () => {});
  front.once('close', () => request.destroy());
  if (body === null) request.end();
  else body.pipe(request);
}

function http1Server() {
  return http.createServer((request, response) => {
    const body = 'content-length' in request.headers ? request : null;
    send(request.method, request.url, request.rawHeaders, body, response, (answer) => {
      response.writeHead(answer.statusCode, answer.rawHeaders);
      answer.pipe(response);
    });
  });
}

function http2Server() {
  const settings = { maxConcurrentStreams: 100, initialWindowSize: 1 << 18 };
  const server = http2.createServer({ settings });
  server.on('session', (session) => session.setLocalWindowSize(1 << 20));
  server.on('sessionError', () => {});
  return server.on('stream', (stream, headers) => {
    stream.on('error', () => {});
    const fields = { host: headers[':authority'] };
    for (const name in headers) if (!name.startsWith(':')) fields[name] = headers[name];
    const body = stream.endAfterHeaders ? null : stream;
    send(headers[':method'], headers[':path'], fields, body, stream, (answer) => {
      if (stream.destroyed || stream.closed) return;
      const answered = { ':status': answer.statusCode };
      for (const name in answer.headers)
        if (!HOP_FIELDS.includes(name)) answered[name] = answer.headers[name];
      stream.respond(answered);
      answer.pipe(stream);
    });
  });
}

(protocol === 'h2' ? http2Server() : http1Server()).listen(Number(port), '127.0.0.1');
