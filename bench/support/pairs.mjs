import { isFileServer, startFileServer } from './file-servers.mjs';
import { foreignServer, isForeign } from './foreign.mjs';
import { Host } from './hosts.mjs';

/**
 * Server and client of one kind, each in a process of its own, connected over loopback TCP.
 *
 * @param {string} kind one of `KINDS` (kinds.mjs), or of `FOREIGN` (foreign.mjs)
 * @param {object} [options]
 * @param {boolean} [options.secure] TLS instead of plain TCP
 * @param {string} [options.root] the folder of a server for files
 * @param {boolean} [options.steady] processes whose memory only grows, for bulk transfers
 * @param {boolean} [options.defaultWindows] leaves the receive windows as they are out of the box
 */
export async function startPair(kind, options = {}) {
  const server = await startServer(kind, options);
  const client = await Host.start(new URL('./client.mjs', import.meta.url), options.steady);
  await client.call('setUp', kind, server.port, options);
  return {
    client,
    server,
    /** Runs a piece of work (an export of client.mjs): its result, with microseconds of CPU time of both ends. */
    work: async (name, ...args) => {
      const before = [await client.call('cpu'), await server.call('cpu')];
      const result = await client.call(name, ...args);
      const clientCpu = (await client.call('cpu')) - before[0];
      return { ...result, clientCpu, serverCpu: (await server.call('cpu')) - before[1] };
    },
    /** Memory of both ends after a forced collection. */
    memory: async () => ({
      client: await client.call('memory'),
      server: await server.call('memory'),
    }),
    close: () => {
      client.stop();
      server.stop();
    },
  };
}

async function startServer(kind, options) {
  if (isForeign(kind)) return foreignServer(kind);
  if (isFileServer(kind)) return startFileServer(kind, options.root);
  const host = await Host.start(new URL('./server.mjs', import.meta.url), options.steady);
  const port = await host.call('listen', kind, options);
  return { port, call: (...args) => host.call(...args), stop: () => host.stop() };
}

/** Pairs of several kinds by name. */
export async function startPairs(kinds, options) {
  const pairs = {};
  for (const kind of kinds) pairs[kind] = await startPair(kind, options);
  return pairs;
}

/** Ends them. */
export function closePairs(pairs) {
  for (const pair of Object.values(pairs)) pair.close();
}
