import http from 'node:http';
import https from 'node:https';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import tls from 'node:tls';
import { SpdyError } from '../../errors.ts';

type Connected = (error: Error | null, stream: Duplex) => void;

/** What a request may have among its options for these agents, which are told nothing else of its end. */
export interface TunnelOptions {
  /** Gives up asking the proxy. */
  readonly connectSignal?: AbortSignal;
}

/** Milliseconds that a proxy has for its answer. */
const ANSWER_TIMEOUT_MS = 30_000;

/** An agent that reaches a server through an HTTP(S) proxy with CONNECT. Name and password in the URL of the proxy are sent to it. */
export function proxyAgent(proxy: URL, server: URL): http.Agent {
  return server.protocol === 'https:' ? new SecureTunnelAgent(proxy) : new TunnelAgent(proxy);
}

class TunnelAgent extends http.Agent {
  readonly #proxy: URL;

  constructor(proxy: URL) {
    super();
    this.#proxy = proxy;
  }

  override createConnection(options: http.ClientRequestArgs, connected?: Connected): undefined {
    tunnel(this.#proxy, options, (error, socket) => connected?.(error, socket));
  }
}

class SecureTunnelAgent extends https.Agent {
  readonly #proxy: URL;

  constructor(proxy: URL) {
    super();
    this.#proxy = proxy;
  }

  override createConnection(options: https.RequestOptions, connected?: Connected): undefined {
    tunnel(this.#proxy, options, (error, socket) => {
      if (error !== null) connected?.(error, socket);
      else connected?.(null, tls.connect({ ...(options as tls.ConnectionOptions), socket }));
    });
  }
}

/** Asks the proxy for a connection. */
function tunnel(
  proxy: URL,
  { host, port, connectSignal }: http.ClientRequestArgs & TunnelOptions,
  done: (error: Error | null, socket: Socket) => void,
): void {
  const name = host?.includes(':') === true ? `[${host}]` : host;
  const path = `${name ?? ''}:${port ?? ''}`;
  const request = (proxy.protocol === 'https:' ? https : http).request(proxy, {
    method: 'CONNECT',
    path,
    agent: false,
    headers: { Host: path, ...authorization(proxy) },
    timeout: ANSWER_TIMEOUT_MS,
    ...(connectSignal === undefined ? {} : { signal: connectSignal }),
  });
  const fail = (error: Error): void => done(error, null as unknown as Socket);
  const refuse = (answer: string): void => {
    const message = `the proxy ${proxy.host} does not connect to ${path}: ${answer}`;
    request.destroy(new SpdyError('ERR_SPDY_NEGOTIATION', message, 'peer'));
  };
  request.on('error', fail);
  request.on('timeout', () => refuse('no answer'));
  request.on('response', ({ statusCode }) => refuse(`${statusCode}`));
  request.on('connect', ({ statusCode = 0 }, socket, head) => {
    request.removeListener('error', fail);
    request.on('error', () => {});
    if (statusCode < 200 || statusCode > 299) {
      socket.destroy();
      const message = `the proxy ${proxy.host} does not connect to ${path}: ${statusCode}`;
      fail(new SpdyError('ERR_SPDY_NEGOTIATION', message, 'peer'));
      return;
    }
    socket.setTimeout(0);
    if (head.length > 0) socket.unshift(head);
    done(null, socket);
  });
  request.end();
}

function authorization({ username, password }: URL): Record<string, string> {
  if (username === '' && password === '') return {};
  const text = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { 'Proxy-Authorization': `Basic ${Buffer.from(text).toString('base64')}` };
}
