// The load generator of nghttp2, a program of .ci/peers.
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

/** The program. */
export const H2LOAD = fileURLToPath(new URL('../../.peers/h2load', import.meta.url));

const run = promisify(execFile);

/**
 * Sends requests for `ms` milliseconds, always `atOnce` under way: on one connection by HTTP/2, each on its own by HTTP/1.1.
 *
 * @param {{ url: string, protocol: 'h2' | 'http/1.1', atOnce: number, ms: number, headers: [string, string][], upload: string | null }} work
 *   `upload`: a file whose content each request carries
 * @returns {Promise<{ count: number, rate: number }>} requests that have ended, and how many in a second
 */
export async function h2load({ url, protocol, atOnce, ms, headers, upload }) {
  const { stdout } = await run(H2LOAD, [
    ...(protocol === 'h2' ? ['-c1', `-m${atOnce}`] : ['--h1', `-c${atOnce}`]),
    ...['-D', `${ms}ms`],
    ...headers.flatMap(([name, value]) => ['-H', `${name}: ${value}`]),
    ...(upload === null ? [] : ['-d', upload]),
    url,
  ]);
  const [, rate] = /, ([\d.]+) req\/s/.exec(stdout) ?? [];
  const [, count] = /(\d+) 2xx/.exec(stdout) ?? [];
  const [, failed, errored] = /(\d+) failed, (\d+) errored/.exec(stdout) ?? [];
  if (failed !== '0' || errored !== '0') throw new Error(`h2load: requests failed: ${stdout}`);
  return { count: Number(count), rate: Number(rate) };
}
