// The server of a pair, in a host process.
import { once } from 'node:events';
import { loadKind } from './kinds.mjs';

/** Starts a server of a kind on a free loopback port, which is returned. */
export async function listen(kind, options) {
  const { serve } = await loadKind(kind);
  const server = serve({ ...options, kind });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return server.address().port;
}
