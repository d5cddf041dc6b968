import { shown } from '../../common/check.ts';
import { MissingPackageError } from '../../common/packages.ts';
import { InvalidArgumentError, SpdyError } from '../../errors.ts';
import { UpgradeRefusedError } from '../errors.ts';

/** What carries streams: SPDY behind an HTTP upgrade, a WebSocket, or whichever the server takes. */
export type KubernetesTransport = 'auto' | 'spdy' | 'websocket';

/** Checks the option. */
export function checkTransport(transport: KubernetesTransport): KubernetesTransport {
  if (['auto', 'spdy', 'websocket'].includes(transport)) return transport;
  const message = `transport must be one of auto, spdy, websocket, got ${shown(transport)}`;
  throw new InvalidArgumentError(message);
}

/**
 * Tries SPDY, and WebSocket when the server, or something in front of it, does not let that through: by any answer, by the end of the
 * connection, or by none in time. Nothing has begun then: over SPDY that takes streams. When both fail it rejects with the first error,
 * which says more than that the other way is closed as well.
 */
export async function tryBoth<T>(spdy: () => Promise<T>, webSocket: () => Promise<T>): Promise<T> {
  let first: unknown;
  try {
    return await spdy();
  } catch (error) {
    if (!isWorthAnotherWay(error)) throw error;
    first = error;
  }
  try {
    return await webSocket();
  } catch (error) {
    const another = error instanceof MissingPackageError || isWorthAnotherWay(error);
    throw another ? first : error;
  }
}

/** Whether a failure to connect may be one of this way only. */
function isWorthAnotherWay(error: unknown): boolean {
  if (error instanceof UpgradeRefusedError) return true;
  if (error instanceof SpdyError) return error.code === 'ERR_SPDY_TIMEOUT';
  const { code = '' } = error as NodeJS.ErrnoException;
  return code === 'ECONNRESET' || code === 'EPIPE' || code.startsWith('HPE_');
}
