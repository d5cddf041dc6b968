import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';

function run(name: string): string {
  const file = fileURLToPath(new URL(`../../../examples/${name}.js`, import.meta.url));
  const options = { encoding: 'utf8', timeout: 50_000 } as const;
  const { status, stdout, stderr } = spawnSync(process.execPath, [file], options);
  expect(stderr).to.equal('');
  expect(status).to.equal(0);
  return stdout;
}

describe('examples of the HTTP client', () => {
  it('fetch goes over SPDY, and so does the fetch of Node', () => {
    const output = run('fetch');
    expect(output).to.include('200 text/plain\nHello over SPDY\n');
    expect(output).to.include('spdy/3.1, 2 requests, 1 connection');
  });

  it('urlfetch calls its handlers', () => {
    expect(run('urlfetch')).to.include('stream 3: 8 bytes, closed with status 0');
  });

  it('upload streams both ways', () => {
    expect(run('upload')).to.equal('200: 10000000 bytes went there and back\n');
  });
});
