import type { SpdyServerOptions } from '../../../lib/http/server/options.ts';
import { PROTOCOL_VERSIONS } from '../../../lib/protocol/version.ts';
import { createProxy, type FrontOptions } from '../../../lib/tools/index.ts';
import { sharedCertificate } from '../../support/session-pair.ts';

/**
 * What the proxy speaks behind itself where the clients of the HTTP suite are led through one to its servers: SPDY wherever the server does, or HTTP/1.1
 * wherever the server does; null where they are not. `npm run test:proxy`.
 */
const THROUGH_PROXY: 'spdy' | 'http/1.1' | null = wayOf();

/** What the server behind speaks. */
export interface Behind {
  readonly port: number;
  /** Null with TLS; else what is spoken on plain TCP. */
  readonly version: string | null;
  /** With TLS: what ALPN chooses of. */
  readonly protocols: readonly string[];
  /** Whether it takes CONNECT: the proxy takes it for another proxy then. */
  readonly connects?: boolean;
}

/** A server, as far as a proxy before it is concerned. */
interface Closing {
  once(event: 'close', listener: () => void): unknown;
}

/**
 * Puts a proxy that changes no field before a server, for as long as that listens: the port of the proxy, or that of the server where nothing is led
 * through a proxy. What is spoken before it is what is spoken behind it, but for the versions of SPDY.
 */
export async function portThroughProxy(
  server: Closing,
  { port, version, protocols, connects = false }: Behind,
): Promise<number> {
  if (THROUGH_PROXY === null) return port;
  const { cert } = sharedCertificate();
  const versions = protocols.filter((name) => name.startsWith('spdy/'));
  const plain = THROUGH_PROXY === 'http/1.1' || versions.length === 0 ? 'http/1.1' : 'spdy';
  const proxy = createProxy({
    backs: [
      version === null
        ? {
            url: `https://localhost:${port}`,
            protocol: protocols.includes('http/1.1') ? plain : 'spdy',
            tls: { ca: cert },
          }
        : `${version}+http://127.0.0.1:${port}`,
    ],
    headers: { via: false, xForwarded: 'keep', forwarded: 'keep' },
    forward: connects,
    maxFailures: 0,
  });
  const front = {
    ...(version === null ? frontOf(protocols) : { tls: false, version }),
    host: '127.0.0.1',
    port: 0,
    h2: false,
  };
  const opened = await proxy.listen(front as FrontOptions);
  server.once('close', () => proxy.destroy());
  return opened.port;
}

/** What the server of these options speaks; null for one that finds out by itself, or that is told by a PROXY header: no proxy stands before it. */
export function behindOf(options: SpdyServerOptions): Omit<Behind, 'port'> | null {
  const { tls, sniff, proxyProtocol, version, versions, allowHTTP1 = true } = options;
  const names = PROTOCOL_VERSIONS.map(({ name }) => name as string);
  const nameOf = (given: unknown): string | null =>
    PROTOCOL_VERSIONS.find(({ id, name }) => id === given || name === given)?.name ?? null;
  if (proxyProtocol !== undefined) return null;
  if (tls === false) {
    const name = nameOf(version);
    return sniff === true || name === null ? null : { version: name, protocols: [] };
  }
  const offered = versions?.map((given) => nameOf(given) ?? '') ?? names;
  return { version: null, protocols: [...offered, ...(allowHTTP1 ? ['http/1.1'] : [])] };
}

/** A front with TLS that offers just that. */
function frontOf(protocols: readonly string[]): FrontOptions {
  const choose = (offer: { protocols: readonly string[] }): string | undefined =>
    protocols.find((name) => offer.protocols.includes(name));
  const { key, cert } = sharedCertificate();
  return { key, cert, ALPNCallback: choose };
}

function wayOf(): typeof THROUGH_PROXY {
  const { SPDYLAY_THROUGH_PROXY: text } = process.env as { SPDYLAY_THROUGH_PROXY?: string };
  if (text === undefined || text === '') return null;
  if (text === 'spdy' || text === 'http/1.1') return text;
  throw new Error(`SPDYLAY_THROUGH_PROXY: spdy or http/1.1, got ${text}`);
}
