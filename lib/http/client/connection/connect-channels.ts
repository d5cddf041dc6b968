import { channel } from 'node:diagnostics_channel';
import type { Duplex } from 'node:stream';
import { resolveVersion, type SessionVersion } from '../../../session/public.ts';
import type { Target } from './target.ts';

/** Channels of undici about connections. */
const BEFORE = channel('undici:client:beforeConnect');
const CONNECTED = channel('undici:client:connected');
const FAILED = channel('undici:client:connectError');

/** A connection that is ready. */
interface Ready {
  readonly socket: Duplex;
  readonly protocol: SessionVersion | 'http/1.1';
}

/** Connects by `connector`, and tells the channels of undici what becomes of it. */
export function tellConnecting<Opened extends Ready>(
  target: Target,
  servername: string | null,
  connector: () => Promise<Opened>,
): Promise<Opened> {
  if (!(BEFORE.hasSubscribers || CONNECTED.hasSubscribers || FAILED.hasSubscribers))
    return connector();
  return told(target, servername, connector);
}

async function told<Opened extends Ready>(
  { scheme, host, hostname, port }: Target,
  servername: string | null,
  connector: () => Promise<Opened>,
): Promise<Opened> {
  const params = { host, hostname, protocol: `${scheme}:`, port: String(port), servername };
  BEFORE.publish({ connectParams: params, connector });
  try {
    const opened = await connector();
    const { protocol } = opened;
    const version = protocol === 'http/1.1' ? protocol : resolveVersion(protocol).name;
    const connectParams = { ...params, version };
    CONNECTED.publish({ connectParams, connector, socket: opened.socket });
    return opened;
  } catch (error) {
    FAILED.publish({ connectParams: params, connector, error });
    throw error;
  }
}
