import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect } from 'chai';

/** Runs an example, and returns what it prints. */
async function run(name: string): Promise<string> {
  const file = fileURLToPath(new URL(`../../../examples/${name}.js`, import.meta.url));
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [file], {
    timeout: 50_000,
  });
  expect(stderr).to.equal('');
  return stdout;
}

describe('examples of the HTTP server', () => {
  for (const [name, expected] of [
    ['express', /"SPDY","sum":6}\n.*"HTTP\/1\.1","sum":6}/],
    ['push', /pushed \/style\.css: h1 { color: green }/],
    ['graceful-shutdown', /begun, and finished\n[\s\S]*all requests are answered/],
    ['cluster', /1 port, 2 processes/],
  ] as const) {
    it(`${name} runs`, async () => {
      expect(await run(name)).to.match(expected);
    });
  }
});
