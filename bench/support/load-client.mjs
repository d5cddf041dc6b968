// The load generator in a host process.
import { load } from './product.mjs';

const { runLoad } = await load('tools/index.js');

/**
 * Requests for `ms` milliseconds, always `atOnce` under way on one connection; how many have ended, and in which time. `upload`: bytes of the body of
 * each, 0 for none.
 */
export async function generate({ port, path = '/empty', atOnce, ms, headers, upload = 0 }) {
  const { requests, durationMs } = await runLoad({
    urls: `http://127.0.0.1:${port}${path}`,
    streams: atOnce,
    durationMs: ms,
    ...(headers === undefined ? {} : { headers }),
    ...(upload > 0 ? { body: Buffer.alloc(upload, 'u') } : {}),
  });
  if (requests.failed > 0) throw new Error(`${requests.failed} requests failed`);
  return { count: requests.succeeded, seconds: durationMs / 1000 };
}
