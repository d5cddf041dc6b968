import type { Duplex } from 'node:stream';
import { hostAndPort } from '../../../common/network/host-and-port.ts';
import { urlCredentials } from '../../../common/network/url-credentials.ts';
import { SpdyError } from '../../../errors.ts';
import { type HeaderInput, toHeaderPairs } from '../../headers.ts';
import type { ProxyOptions } from '../agent-options.ts';
import type { RequestOptions } from '../request/options.ts';
import type { ClientRequest } from '../request/request.ts';
import type { OpenTunnel } from './connect.ts';

/** Makes the CONNECT request; the agent of the proxy does. */
type RequestTunnel = (url: URL, options: RequestOptions) => ClientRequest;

/**
 * Tunnels through a proxy (CONNECT). Whether that speaks SPDY, where each tunnel is one stream of a session, or HTTP/1.1 is a matter of
 * `request`, which is made by the agent of the proxy.
 */
export function tunnelThrough(proxy: ProxyOptions, request: RequestTunnel): OpenTunnel {
  const url = new URL(proxy.url);
  const authorization = proxy.authorization ?? basicOf(url);
  url.username = '';
  url.password = '';
  url.pathname = '/';
  return (target, signal) => {
    const path = hostAndPort(target.hostname, target.port);
    const headers: HeaderInput = [
      ['host', path],
      ...toHeaderPairs(proxy.headers ?? []),
      ...(authorization === null
        ? []
        : [['proxy-authorization', authorization] as [string, string]]),
    ];
    const connect = request(url, { method: 'CONNECT', path, headers, signal });
    return opened(connect, path, signal);
  };
}

/** Waits for the tunnel. */
function opened(request: ClientRequest, path: string, signal: AbortSignal): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    request.on('error', (error) => reject(signal.aborted ? signal.reason : error));
    request.once('connect', (response, socket, head) => {
      const { statusCode = 0, statusMessage = '' } = response;
      if (statusCode < 200 || statusCode > 299) {
        socket.on('error', () => {});
        socket.destroy();
        const answer = `${statusCode} ${statusMessage}`.trim();
        const message = `the proxy does not connect to ${path}: ${answer}`;
        reject(new SpdyError('ERR_SPDY_NEGOTIATION', message, 'peer'));
        return;
      }
      if (head.length > 0) socket.unshift(head);
      resolve(socket);
    });
    request.end();
  });
}

/** The name and password of a URL as Basic credentials. */
function basicOf(url: URL): string | null {
  const text = urlCredentials(url);
  return text === null ? null : `Basic ${Buffer.from(text).toString('base64')}`;
}
