const HERE = { spdylay: './ends/spdylay.mjs', http: './ends/spdylay-http.mjs' };

/** Where each kind of server and client is; every module exports `serve` and `connect`, and gets the kind among the options. */
const MODULES = {
  raw: './ends/raw.mjs',
  'http/1.1': './ends/http1.mjs',
  http2: './ends/http2.mjs',
  'http2 compat': './ends/http2.mjs',
  'spdy-transport': './ends/spdy-transport.mjs',
  Session: HERE.spdylay,
  SpdyStream: HERE.spdylay,
  createServer: HERE.http,
  'createServer, agent': HERE.http,
  fetch: './ends/fetches.mjs',
  'fetch of Node, SpdyDispatcher': './ends/fetches.mjs',
  'undici, http/1.1': './ends/fetches.mjs',
  'undici, h2': './ends/fetches.mjs',
  spdyd: HERE.spdylay,
  'files from memory': './ends/file-handler.mjs',
  'http2, send': './ends/http2-send.mjs',
  'nginx, http/1.1': './ends/http1.mjs',
  'nginx, h2': './ends/http2.mjs',
  Netty: HERE.spdylay,
  spdystream: HERE.spdylay,
};

/** What the kinds are. */
export const LEGEND = {
  raw: 'a plain socket: the ceiling',
  'http/1.1': "Node's http with a keep-alive agent, a connection for each request under way",
  http2: "Node's http2, streams at both ends",
  'http2 compat': "Node's http2, a (request, response) handler; client as http2",
  'spdy-transport': 'the npm package, spdy/3.1',
  Session: "events and calls of spdylay's Session at both ends",
  SpdyStream: "spdylay's Duplex per stream at both ends",
  createServer: "spdylay's HTTP server with a (request, response) handler; client as SpdyStream",
  'createServer, agent': "the same with spdylay's SpdyAgent as the client",
  fetch: "spdylay's fetch() on its agent and its HTTP server",
  'fetch of Node, SpdyDispatcher': 'the built-in fetch() over the same agent',
  'undici, http/1.1':
    "the built-in fetch() over undici's Agent and Node's http, a connection for each request under way",
  'undici, h2': "the same over Node's http2, one connection, over TLS",
  spdyd: 'the program, on files; client as SpdyStream',
  'files from memory':
    "spdylay's HTTP server with a handler that has the files in memory; client as SpdyStream",
  'http2, send': "files by the package send on Node's http2; client as http2",
  'nginx, h2': 'nginx of Debian, one process, on the same files; client as http2, or as http/1.1',
  Netty: "an HTTP server on Netty's SPDY codec; client as SpdyStream",
  spdystream:
    'a mirror server on spdystream (Go): it sends the 12 headers back; client as SpdyStream',
};

/** The module of a kind. */
export function loadKind(kind) {
  return import(MODULES[kind]);
}
