import { once } from 'node:events';
import net from 'node:net';
import tls from 'node:tls';
import { SpdyError } from '../../errors.ts';
import type { ProtocolVersion } from '../../protocol/version.ts';
import {
  type ConformanceOptions,
  type ConformanceSettings,
  resolveConformance,
} from './options.ts';
import { Peer } from './peer.ts';
import type { ConformanceResult } from './result.ts';
import { runCase } from './run-case.ts';
import { CLIENT_TESTS } from './tests.ts';

/** What has a client ask for a URL; it may end, or fail, as it likes. */
export type RunClient = (url: string, version: string, test: string) => Promise<void>;

/** Options of `testClient()`: those of `testServer()`, `tls` with key and certificate of the server that it plays. */
export interface ClientConformanceOptions extends Omit<ConformanceOptions, 'tls' | 'hostile'> {
  /** Key and certificate: TLS with ALPN. Default: plain TCP. */
  readonly tls?: tls.TlsOptions;
}

/**
 * Tests a client: plays a server on `port` (0 for a free one), and for each test has `run` make the client ask once for a URL. Yields what
 * became of each.
 *
 * @throws InvalidArgumentError for an option that does not exist or is out of range
 */
export function testClient(
  options: ClientConformanceOptions,
  run: RunClient,
): AsyncGenerator<ConformanceResult, void, undefined> {
  const { tls: secure, ...rest } = options;
  const settings = resolveConformance({ host: '127.0.0.1', ...rest }, CLIENT_TESTS);
  return results(settings, secure ?? null, run);
}

async function* results(
  settings: ConformanceSettings,
  secure: tls.TlsOptions | null,
  run: RunClient,
): AsyncGenerator<ConformanceResult, void, undefined> {
  const { host } = settings;
  const stage = new ClientStage(secure);
  stage.server.listen(settings.port, host);
  await once(stage.server, 'listening');
  const { port } = stage.server.address() as net.AddressInfo;
  const scheme = secure === null ? 'http' : 'https';
  const place = { authority: `${host}:${port}`, scheme };
  try {
    for (const version of settings.versions) {
      for (const test of CLIENT_TESTS) {
        if (settings.signal?.aborted === true) return;
        if (!settings.chosen(test) || !test.applies(version)) continue;
        let running = Promise.resolve();
        const open = async (): Promise<Peer> => {
          const coming = stage.next(version, settings.timeoutMs);
          running = run(`${scheme}://${place.authority}/${test.id}`, version.name, test.id).catch(
            () => {},
          );
          const socket = await coming;
          return new Peer(socket, version, place, settings.timeoutMs, open);
        };
        const result = await runCase(test, version, open);
        await running;
        yield result;
      }
    }
  } finally {
    stage.end();
  }
}

/** The server: each connection is for the test that waits for one. */
class ClientStage {
  readonly server: net.Server;
  readonly #sockets = new Set<net.Socket>();
  #version: ProtocolVersion | null = null;
  #take: ((socket: net.Socket) => void) | null = null;

  constructor(secure: tls.TlsOptions | null) {
    const accept = (socket: net.Socket): void => this.#accept(socket);
    if (secure === null) this.server = net.createServer({ noDelay: true }, accept);
    else {
      const choose = { ALPNCallback: () => this.#version?.name ?? 'spdy/3.1' };
      this.server = tls.createServer({ ...secure, ...choose }, accept);
    }
  }

  /** The next connection. Rejects when there is none in time. */
  next(version: ProtocolVersion, timeoutMs: number): Promise<net.Socket> {
    this.#version = version;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#take = null;
        reject(new SpdyError('ERR_SPDY_TIMEOUT', 'the client has not connected'));
      }, timeoutMs);
      this.#take = (socket) => {
        clearTimeout(timer);
        this.#take = null;
        resolve(socket);
      };
    });
  }

  end(): void {
    this.server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  #accept(socket: net.Socket): void {
    this.#sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => this.#sockets.delete(socket));
    // A client that comes once more has had its answer.
    if (this.#take === null) socket.destroy();
    else this.#take(socket);
  }
}
