import type { Socket } from 'node:net';
import type { ClientFacts } from '../relay/exchange.ts';

/** What is known of the client at the other end of a connection. */
export function clientOf(socket: Socket): ClientFacts {
  const { remoteAddress, remotePort, localAddress, localPort } = socket;
  return {
    address: plain(remoteAddress),
    port: remotePort ?? 0,
    localAddress: plain(localAddress),
    localPort: localPort ?? 0,
    secure: (socket as { encrypted?: unknown }).encrypted === true,
  };
}

/** By connection: it is the same for all of its requests. */
const known = new WeakMap<object, ClientFacts>();

/** The same for a request on a connection; `key` stands for that. */
export function clientOfRequest(key: object, socket: Socket): ClientFacts {
  let client = known.get(key);
  if (client === undefined) {
    client = clientOf(socket);
    known.set(key, client);
  }
  return client;
}

/** An IPv4 address is one, whatever the listener is bound to. */
function plain(address: string | undefined): string | null {
  if (address === undefined || address === '') return null;
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address;
}
