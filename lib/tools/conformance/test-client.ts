import { once } from 'node:events';
import type net from 'node:net';
import type tls from 'node:tls';
import { onAbort } from '../../common/abort.ts';
import { shown } from '../../common/check.ts';
import { hostAndPort } from '../../common/network/host-and-port.ts';
import { InvalidArgumentError } from '../../errors.ts';
import { ClientStage } from './client-stage.ts';
import {
  type ConformanceOptions,
  type ConformanceSettings,
  resolveConformance,
} from './options.ts';
import { Peer } from './peer.ts';
import { type ConformanceResult, NOT_CHOSEN } from './result.ts';
import { runCase } from './run-case.ts';
import { CLIENT_TESTS } from './tests.ts';

/** What has a client ask for a URL; it may end, or fail, as it likes. `over` is aborted when the test has ended, for clients that do not end. */
export type RunClient = (
  url: string,
  version: string,
  test: string,
  over: AbortSignal,
) => Promise<void>;

/** Options of `testClient()`: those of `testServer()`, `tls` with key and certificate of the server that it plays. */
export interface ClientConformanceOptions
  extends Omit<ConformanceOptions, 'tls' | 'hostile' | 'port' | 'socketPath'> {
  /** Where it listens, 0 for a free port. */
  readonly port: number;
  /** Key and certificate: TLS with ALPN. Default: plain TCP. */
  readonly tls?: tls.TlsOptions | undefined;
  /** URL of a server that answers what is asked without an upgrade (`http:`). Default: such clients do not speak SPDY. */
  readonly api?: string | undefined;
}

/**
 * Tests a client: plays a server on `port` (0 for a free one), and for each test has `run` make the client ask once for a URL. Yields what
 * became of each. Clients may come by an upgrade of HTTP/1.1. A version that the client does not offer (ALPN) is skipped, in one result. Rejects
 * with `ERR_SPDY_NOT_SPDY` when the client speaks something else.
 *
 * @throws InvalidArgumentError for an option that does not exist or is out of range
 */
export function testClient(
  options: ClientConformanceOptions,
  run: RunClient,
): AsyncGenerator<ConformanceResult, void, undefined> {
  const { tls: secure, api, ...rest } = options;
  const settings = resolveConformance({ host: '127.0.0.1', ...rest }, CLIENT_TESTS);
  return results(settings, new ClientStage(secure ?? null, apiUrl(api)), secure !== undefined, run);
}

async function* results(
  settings: ConformanceSettings,
  stage: ClientStage,
  secure: boolean,
  run: RunClient,
): AsyncGenerator<ConformanceResult, void, undefined> {
  const { host } = settings;
  stage.server.listen(settings.port, host);
  await once(stage.server, 'listening');
  const { port } = stage.server.address() as net.AddressInfo;
  const scheme = secure ? 'https' : 'http';
  const place = { authority: hostAndPort(host, port), scheme };
  const aborted = (): boolean => settings.signal?.aborted === true;
  const stopAbort = onAbort(settings.signal, () => stage.breakOff());
  try {
    for (const version of settings.versions) {
      for (const test of CLIENT_TESTS) {
        if (aborted()) return;
        if (!settings.chosen(test) || !test.applies(version)) continue;
        let running = Promise.resolve();
        const over = new AbortController();
        const open = async (): Promise<Peer> => {
          const coming = stage.next(version, settings.timeoutMs);
          const url = `${scheme}://${place.authority}/${test.id}`;
          const start = async (): Promise<void> => run(url, version.name, test.id, over.signal);
          running = start().catch(() => {});
          const socket = await coming;
          return new Peer(socket, version, place, settings.timeoutMs, open);
        };
        const result = await runCase(test, version, open);
        over.abort();
        await running;
        // One that was broken off tells nothing.
        if (aborted()) return;
        if (stage.foreign !== null) throw stage.foreign;
        if (stage.offered !== null) {
          const expected = `the client offers ${stage.offered.join(', ')}`;
          yield { ...NOT_CHOSEN, version: version.name, expected };
          break;
        }
        yield result;
      }
    }
  } finally {
    stopAbort();
    stage.end();
  }
}

/** The server that answers what is not SPDY. */
function apiUrl(api: string | undefined): string | null {
  if (api === undefined) return null;
  if (URL.canParse(api) && new URL(api).protocol === 'http:') return api;
  throw new InvalidArgumentError(`api must be a URL of http:, got ${shown(api)}`);
}
