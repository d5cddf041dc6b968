import { UsageError } from '../../arguments.ts';

/** What is connected to instead of the server. */
export type ProxyPlace =
  /** Anything that passes bytes on, or is the server: the session is with whatever answers there. */
  | { readonly host: string; readonly port: number }
  /** The same at a unix socket. */
  | { readonly path: string }
  /** A proxy that is asked with CONNECT. */
  | { readonly url: URL };

/**
 * Reads the options of the proxy: a host to connect to instead, as Spdylay has it, a unix socket, or the URL of a proxy that knows CONNECT.
 *
 * @throws UsageError
 */
export function parseProxy(
  text: string | null,
  port: number | null,
  path: string | null = null,
): ProxyPlace | null {
  if (path !== null) {
    if (path === '') throw new UsageError('--unix-socket takes a path');
    if (text !== null) throw new UsageError('only one of --proxy and --unix-socket can be given');
    return { path };
  }
  if (text === null) {
    if (port !== null) throw new UsageError('--proxy-port needs --proxy');
    return null;
  }
  if (!text.includes('://')) {
    return { host: text.replace(/^\[(.*)\]$/, '$1'), port: port ?? 443 };
  }
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    throw new UsageError(`--proxy takes a host, http://HOST or https://HOST, got '${text}'`);
  }
  if (port !== null) url.port = String(port);
  return { url };
}
