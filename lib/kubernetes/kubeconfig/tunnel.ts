import { once } from 'node:events';
import http from 'node:http';
import net, { type Socket } from 'node:net';
import type tls from 'node:tls';
import { onAbort } from '../../common/abort.ts';
import { lateHttps } from '../../common/late-modules.ts';
import { hostAndPort } from '../../common/network/host-and-port.ts';
import { loadPackage } from '../../common/packages.ts';
import { SpdyError } from '../../errors.ts';
import { proxyAuthorities } from './proxy-authorities.ts';

/** Where a proxy shall connect to. */
export interface TunnelTarget {
  /** A name, which the proxy looks up, or an address, without brackets. */
  readonly host: string;
  readonly port: number;
}

/** Asks a proxy for a connection. */
export type OpenTunnel = (target: TunnelTarget, signal: AbortSignal | null) => Promise<Socket>;

/** Milliseconds that a proxy has for its answer. */
const ANSWER_TIMEOUT_MS = 30_000;
const SOCKS_PORT = 1080;

/**
 * What asks this proxy (`http:`, `https:`, `socks5:`, `socks5h:`). Name and password in the URL are sent to it. A proxy with TLS may have a
 * certificate of the authority of the cluster too, as with kubectl.
 *
 * @throws MissingPackageError where SOCKS needs one that is not installed
 */
export async function tunnelThrough(
  proxy: URL,
  ca: tls.ConnectionOptions['ca'],
): Promise<OpenTunnel> {
  if (!proxy.protocol.startsWith('socks')) return connectTunnel(proxy, ca);
  const { SocksClient } = await loadPackage<typeof import('socks')>('socks', 'a SOCKS proxy');
  return (target, signal) => socksTunnel(SocksClient, proxy, target, signal);
}

/** Asks with CONNECT. */
function connectTunnel(proxy: URL, ca: tls.ConnectionOptions['ca']): OpenTunnel {
  const secure = proxy.protocol === 'https:';
  const host = hostOf(proxy);
  // Not the name in the field Host, which is that of the target.
  const servername = net.isIP(host) === 0 ? host : '';
  const place = { host, servername, port: portOf(proxy, secure ? 443 : 80) };
  const trust = secure && ca !== undefined ? { ca: proxyAuthorities(ca) } : {};
  return (target, signal) =>
    new Promise((resolve, reject) => {
      const path = pathOf(target);
      const request = (secure ? lateHttps() : http).request({
        ...place,
        ...trust,
        method: 'CONNECT',
        path,
        agent: false,
        headers: { Host: path, ...authorization(proxy) },
        timeout: ANSWER_TIMEOUT_MS,
        ...(signal === null ? {} : { signal }),
      });
      request.on('error', reject);
      request.on('timeout', () => request.destroy(refusal(proxy, target, 'no answer')));
      request.on('response', ({ statusCode }) =>
        request.destroy(refusal(proxy, target, `${statusCode}`)),
      );
      request.on('connect', ({ statusCode = 0 }, socket, head) => {
        if (statusCode < 200 || statusCode > 299) {
          socket.destroy();
          reject(refusal(proxy, target, `${statusCode}`));
          return;
        }
        socket.setTimeout(0);
        if (head.length > 0) socket.unshift(head);
        resolve(socket);
      });
      request.end();
    });
}

type SocksClient = typeof import('socks').SocksClient;

async function socksTunnel(
  client: SocksClient,
  proxy: URL,
  target: TunnelTarget,
  signal: AbortSignal | null,
): Promise<Socket> {
  const place = { host: hostOf(proxy), port: portOf(proxy, SOCKS_PORT) };
  const socket = net.connect(place);
  // Once it is destroyed, whoever waits for it is told.
  const stopAbort = onAbort(signal, () => socket.destroy(refusal(proxy, target, 'given up')));
  try {
    await once(socket, 'connect');
    await client.createConnection({
      proxy: { ...place, type: 5, ...credentialsOf(proxy) },
      command: 'connect',
      destination: target,
      timeout: ANSWER_TIMEOUT_MS,
      existing_socket: socket,
    });
    // It was paused. Nothing comes before we have written something.
    return socket.resume();
  } catch (error) {
    socket.destroy();
    const { code, message } = error as NodeJS.ErrnoException;
    if (code !== undefined) throw error;
    // Without the error of the package, which holds the password.
    throw refusal(proxy, target, message);
  } finally {
    stopAbort();
  }
}

function refusal(proxy: URL, target: TunnelTarget, answer: string): SpdyError {
  const message = `the proxy ${proxy.host} does not connect to ${pathOf(target)}: ${answer}`;
  return new SpdyError('ERR_SPDY_NEGOTIATION', message, 'peer');
}

function hostOf({ hostname }: URL): string {
  return hostname.replace(/^\[(.*)\]$/, '$1');
}

function portOf({ port }: URL, fallback: number): number {
  return port === '' ? fallback : Number(port);
}

function pathOf({ host, port }: TunnelTarget): string {
  return hostAndPort(host, port);
}

function authorization(proxy: URL): Record<string, string> {
  const { userId, password } = credentialsOf(proxy);
  if (userId === undefined) return {};
  const text = Buffer.from(`${userId}:${password}`).toString('base64');
  return { 'Proxy-Authorization': `Basic ${text}` };
}

function credentialsOf({ username, password }: URL): {
  readonly userId?: string;
  readonly password?: string;
} {
  if (username === '' && password === '') return {};
  return { userId: decodeURIComponent(username), password: decodeURIComponent(password) };
}
