// The load generator in a host process.
import { load } from './product.mjs';

const { runLoad } = await load('tools/index.js');

/** Empty requests for `ms` milliseconds, always `atOnce` under way on one connection; how many have ended, and in which time. */
export async function generate({ port, atOnce, ms }) {
  const urls = `http://127.0.0.1:${port}/empty`;
  const { requests, durationMs } = await runLoad({ urls, streams: atOnce, durationMs: ms });
  if (requests.failed > 0) throw new Error(`${requests.failed} requests failed`);
  return { count: requests.succeeded, seconds: durationMs / 1000 };
}
