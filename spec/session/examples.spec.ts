import { spawnSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { makeCertificate } from '../../lib/http/server/connection/certificate.ts';

function run(name: string, args: string[] = [], env: NodeJS.ProcessEnv = {}): string {
  const file = fileURLToPath(new URL(`../../examples/${name}.js`, import.meta.url));
  const options = { encoding: 'utf8', env: { ...process.env, ...env }, timeout: 50_000 } as const;
  const { status, stdout, stderr } = spawnSync(process.execPath, [file, ...args], options);
  expect(stderr).to.equal('');
  expect(status).to.equal(0);
  return stdout;
}

describe('examples', () => {
  const self = fileURLToPath(import.meta.url);

  for (const version of ['spdy/3.1', 'spdy/3', 'spdy/2']) {
    it(`demo fetches a file over ${version} and TLS, and shows the frames`, () => {
      const output = run('demo', [self], { SPDY: version });
      expect(output).to.include(`ALPN chose ${version}.`);
      expect(output).to.match(/-> SYN_STREAM +stream 1 +FIN priority 0 +:method=GET/);
      expect(output).to.match(/<- SYN_REPLY +stream 1 +:status=200 OK/);
      expect(output).to.match(/<- DATA +stream 1 +(?:FIN +)?\d+ bytes/);
      expect(output).to.match(/-> GOAWAY +session +last stream 0, status 0/);
      expect(output).to.include('The file arrived as it is.');
    });
  }

  it('pipe echoes in capitals over plain TCP', () => {
    expect(run('pipe')).to.equal(
      ':status: 200 OK\n:version: HTTP/1.1\nANY ASYNC ITERABLE IS A REQUEST BODY\n',
    );
  });

  it('engine exchanges a request without I/O', () => {
    expect(run('engine')).to.include('client got   "Hello from the engine"');
  });

  it('a certificate made at run time is a valid X.509 certificate', () => {
    const hosts = ['example.test', '10.0.0.1', '2001:db8::1', '::'];
    const { cert, key } = makeCertificate(hosts);
    const parsed = new X509Certificate(cert);
    expect(parsed.verify(parsed.publicKey)).to.equal(true);
    expect(parsed.checkHost('example.test')).to.equal('example.test');
    for (const address of hosts.slice(1))
      expect(parsed.checkIP(address), address).to.equal(address);
    expect(parsed.checkHost('other.test')).to.equal(undefined);
    expect(key).to.include('BEGIN PRIVATE KEY');
    const many = makeCertificate(Array.from({ length: 20 }, (_, i) => `host-${i}.example.test`));
    expect(new X509Certificate(many.cert).checkHost('host-19.example.test')).to.be.a('string');
    expect(new X509Certificate(makeCertificate([]).cert).subject).to.equal('CN=localhost');
  });
});
