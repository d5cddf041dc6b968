import net from 'node:net';
import { clearTimeout, setTimeout } from 'node:timers';
import tls from 'node:tls';
import { onAbort } from '../../common/abort.ts';
import { hostAndPort } from '../../common/network/host-and-port.ts';
import { explainTls } from '../../common/network/tls-error.ts';
import { SpdyError } from '../../errors.ts';
import type { ProtocolVersion } from '../../protocol/version.ts';
import {
  addressOf,
  type ConformanceOptions,
  type ConformanceSettings,
  resolveConformance,
} from './options.ts';
import { Peer } from './peer.ts';
import { type ConformanceResult, NOT_CHOSEN } from './result.ts';
import { runCase } from './run-case.ts';
import { refusalOf } from './spoken.ts';
import { SERVER_TESTS } from './tests.ts';

/**
 * Tests a server, one connection a test, and yields what became of each. The server has to answer GET, HEAD and POST of `/`, with a body for
 * GET. A version that the server does not choose (ALPN), or answers in frames of another one, is skipped, in one result. Rejects when no connection can
 * be made for the first test of a version, and with `ERR_SPDY_NOT_SPDY` when what is there speaks TLS, HTTP or another protocol that is known by
 * its beginning.
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
  const aborted = (): boolean => settings.signal?.aborted === true;
  for (const version of settings.versions) {
    if (aborted()) return;
    const open = (): Promise<Peer> => connect(settings, version);
    const refusal = await refusalOf(open, settings).catch((error) => {
      if (aborted()) return null;
      throw error;
    });
    if (refusal !== null) {
      yield { ...NOT_CHOSEN, version: version.name, expected: refusal };
      continue;
    }
    for (const test of SERVER_TESTS) {
      if (aborted()) return;
      if (!settings.chosen(test) || !test.applies(version)) continue;
      const result = await runCase(test, version, open);
      // One that was broken off tells nothing.
      if (aborted()) return;
      yield result;
    }
  }
}

function connect(settings: ConformanceSettings, version: ProtocolVersion): Promise<Peer> {
  const { host, port, timeoutMs } = settings;
  const secure = settings.tls;
  return new Promise((resolve, reject) => {
    const socket =
      secure === null
        ? net.connect({ ...addressOf(settings), noDelay: true })
        : tls.connect({ ...addressOf(settings), host, ...secure, ALPNProtocols: [version.name] });
    const timer = setTimeout(() => {
      socket.destroy(new SpdyError('ERR_SPDY_TIMEOUT', `no connection within ${timeoutMs} ms`));
    }, timeoutMs);
    const failed = (error: Error): void => {
      clearTimeout(timer);
      reject(explainTls(error));
    };
    socket.once('error', failed);
    const stopAbort = onAbort(settings.signal, () => {
      socket.destroy(new SpdyError('ERR_SPDY_ABORTED', 'the tests were ended'));
    });
    socket.once('close', stopAbort);
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
        authority: settings.socketPath === null ? hostAndPort(host, port) : host,
        scheme: secure === null ? 'http' : 'https',
      };
      resolve(new Peer(socket, version, place, timeoutMs, () => connect(settings, version)));
    });
  });
}
