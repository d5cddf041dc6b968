// A proxy by the package http-proxy, HTTP/1.1 on both sides. Arguments: the port behind, its own.
import http from 'node:http';
import httpProxy from 'http-proxy';

const [back, port] = process.argv.slice(2).map(Number);
const proxy = httpProxy.createProxyServer({
  target: `http://127.0.0.1:${back}`,
  agent: new http.Agent({ keepAlive: true, maxSockets: 256 }),
  xfwd: true,
});
proxy.on('error', () => {});
// By itself it keeps what a client has begun and left: no connection would be free after some rounds.
proxy.on('proxyReq', (request, _message, response) => {
  response.once('close', () => request.destroy());
});
proxy.listen(port, '127.0.0.1');
