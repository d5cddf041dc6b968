// fetch() over several transports: spdylay's own, and Node's own over SPDY, over HTTP/1.1 and over HTTP/2.
import { Agent } from 'undici';
import { requestFields } from '../headers.mjs';
import { load } from '../product.mjs';
import { serve as serveHttp1 } from './http1.mjs';
import { serve as serveHttp2 } from './http2.mjs';
import { sessionOptions } from './spdylay.mjs';
import { serve as serveSpdy } from './spdylay-http.mjs';

const { fetch, SpdyAgent, SpdyDispatcher } = await load('index.js');

const AT_ONCE = 100;

export function serve({ kind, ...options }) {
  if (kind === 'undici, http/1.1') return serveHttp1(options);
  if (kind === 'undici, h2') return serveHttp2({ ...options, kind: 'http2 compat' });
  return serveSpdy(options);
}

export function connect(port, options) {
  const { kind, secure } = options;
  const origin = `${secure ? 'https' : 'http'}://localhost:${port}`;
  const { send, close } = kind.startsWith('undici') ? withUndici(kind) : withAgent(options);
  return {
    exchange: async ({ method, path, index }) => {
      const response = await send(origin + path, { method, headers: requestFields(index) });
      return (await response.arrayBuffer()).byteLength;
    },
    close,
  };
}

function withAgent(options) {
  const agent = new SpdyAgent({
    version: 'spdy/3.1',
    idleTimeoutMs: 0,
    tls: { rejectUnauthorized: false },
    session: sessionOptions(options),
  });
  const close = () => agent.destroy();
  if (options.kind === 'fetch')
    return { send: (url, init) => fetch(url, { ...init, agent }), close };
  const dispatcher = new SpdyDispatcher(agent);
  return { send: (url, init) => globalThis.fetch(url, { ...init, dispatcher }), close };
}

function withUndici(kind) {
  const h2 = kind === 'undici, h2';
  const dispatcher = new Agent({
    connect: { rejectUnauthorized: false },
    // Connections wait for their next turn.
    keepAliveTimeout: 600_000,
    // By itself it opens a connection whenever none is free for a moment: twice as many as requests are under way, each with its handshake.
    ...(h2 ? { allowH2: true, connections: 1, pipelining: AT_ONCE } : { connections: AT_ONCE }),
  });
  return {
    send: (url, init) => globalThis.fetch(url, { ...init, dispatcher }),
    close: () => dispatcher.destroy(),
  };
}
