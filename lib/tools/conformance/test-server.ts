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
import { SERVER_TESTS } from './tests.ts';

/**
 * Tests a server, one connection a test, and yields what became of each. The server has to answer GET, HEAD and POST of `/`, with a body for
 * GET.
 *
 * @throws InvalidArgumentError for an option that does not exist or is out of range
 */
export function testServer(
  options: ConformanceOptions,
): AsyncGenerator<ConformanceResult, void, undefined> {
  return results(resolveConformance(options, SERVER_TESTS));
}

async function* results(
  settings: ConformanceSettings,
): AsyncGenerator<ConformanceResult, void, undefined> {
  for (const version of settings.versions) {
    const open = (): Promise<Peer> => connect(settings, version);
    for (const test of SERVER_TESTS) {
      if (settings.signal?.aborted === true) return;
      if (settings.chosen(test) && test.applies(version)) yield await runCase(test, version, open);
    }
  }
}

function connect(settings: ConformanceSettings, version: ProtocolVersion): Promise<Peer> {
  const { host, port, timeoutMs } = settings;
  const secure = settings.tls;
  return new Promise((resolve, reject) => {
    const socket =
      secure === null
        ? net.connect({ host, port, noDelay: true })
        : tls.connect({ host, port, ...secure, ALPNProtocols: [version.name] });
    const timer = setTimeout(() => {
      socket.destroy(new SpdyError('ERR_SPDY_TIMEOUT', `no connection within ${timeoutMs} ms`));
    }, timeoutMs);
    const failed = (error: Error): void => {
      clearTimeout(timer);
      reject(error);
    };
    socket.once('error', failed);
    socket.once(secure === null ? 'connect' : 'secureConnect', () => {
      clearTimeout(timer);
      socket.off('error', failed);
      // What becomes of it is seen by its end.
      socket.on('error', () => {});
      const { alpnProtocol } = socket as tls.TLSSocket;
      if (secure !== null && alpnProtocol !== version.name && alpnProtocol !== false) {
        socket.destroy();
        const message = `the server chose ${alpnProtocol}, not ${version.name}`;
        reject(new SpdyError('ERR_SPDY_NEGOTIATION', message, 'peer'));
        return;
      }
      const place = {
        authority: `${host.includes(':') ? `[${host}]` : host}:${port}`,
        scheme: secure === null ? 'http' : 'https',
      };
      resolve(new Peer(socket, version, place, timeoutMs, () => connect(settings, version)));
    });
  });
}
