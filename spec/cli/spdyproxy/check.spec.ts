import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { makeCertificate } from '../../../lib/http/server/connection/certificate.ts';
import { daemon, makeFolder, removeFolder, run, spdyd } from '../support/programs.ts';

const DAY_MS = 86_400_000;

/** A certificate that was made so many days ago, and is valid for one. */
function certificateOf(daysAgo: number): { readonly key: string; readonly cert: string } {
  const { now } = Date;
  Date.now = () => now() - daysAgo * DAY_MS;
  try {
    return makeCertificate(['a.example']);
  } finally {
    Date.now = now;
  }
}

describe('spdyproxy --check of certificates', () => {
  const pair = certificateOf(0);
  let folder: string;

  before(() => {
    const old = certificateOf(10);
    folder = makeFolder({
      'own.key': pair.key,
      'own.cert': pair.cert,
      'other.key': old.key,
      'old.key': old.key,
      'old.cert': old.cert,
      none: 'none',
    });
  });

  after(() => removeFolder(folder));

  function config(value: object): string {
    const file = join(folder, 'proxy.json');
    writeFileSync(file, JSON.stringify(value));
    return file;
  }

  async function faultOf(key: string, cert: string): Promise<string> {
    const fronts = [{ port: 0, certificates: [{ key, cert }] }];
    const file = config({ fronts, backs: ['http://127.0.0.1'] });
    const { status, stderr } = await run('spdyproxy', ['--config', file, '--check']);
    expect(status).to.equal(64);
    return stderr.split('\n')[0]?.replaceAll(`${folder}/`, '') ?? '';
  }

  it('names the file that is not what it should be', async () => {
    expect(await faultOf('own.cert', 'own.key')).to.equal(
      'spdyproxy: own.cert is a certificate, and own.key a private key: they are swapped',
    );
    expect(await faultOf('other.key', 'own.cert')).to.equal(
      'spdyproxy: other.key is not the private key of own.cert',
    );
    expect(await faultOf('none', 'own.cert')).to.equal(
      'spdyproxy: none: there is no private key (PEM)',
    );
  });

  it('names the files of a back', async () => {
    for (const [tls, fault] of [
      [{ ca: 'none' }, 'none: there is no certificate (PEM)'],
      [{ key: 'other.key', cert: 'own.cert' }, 'other.key is not the private key of own.cert'],
      [{ key: 'own.key' }, 'cert and key of a back belong together'],
    ] as const) {
      const fronts = [{ port: 0, tls: false }];
      const file = config({ fronts, backs: [{ url: 'https://127.0.0.1', tls }] });
      const { status, stderr } = await run('spdyproxy', ['--config', file, '--check']);
      expect(stderr).to.contain(`proxy.json: ${fault}`);
      expect(status).to.equal(64);
    }
    const args = ['-b', 'https://127.0.0.1', '--cacert', join(folder, 'none'), '0'];
    const { status, stderr } = await run('spdyproxy', ['--check', ...args]);
    expect(stderr).to.contain('--cacert: there is no certificate (PEM)');
    expect(status).to.equal(64);
    const fine = { ca: 'own.cert', key: 'own.key', cert: 'own.cert' };
    const file = config({
      fronts: [{ port: 0, tls: false }],
      backs: [{ url: 'https://127.0.0.1', tls: fine }],
    });
    expect(await run('spdyproxy', ['--config', file, '--check'])).to.include({
      status: 0,
      stderr: '',
    });
  });

  it('warns of one that has expired, and works with it', async () => {
    const certificates = [{ key: 'old.key', cert: 'old.cert' }];
    const file = config({
      fronts: [{ port: 0, host: '127.0.0.1', certificates }],
      backs: ['http://127.0.0.1'],
    });
    const { status, stderr, text } = await run('spdyproxy', ['--config', file, '--check']);
    expect(stderr).to.match(/^spdyproxy: \S*\/old\.cert has expired: \w.* GMT\n$/);
    expect({ status, text }).to.deep.equal({ status: 0, text: 'The configuration is valid\n' });
    const proxy = await daemon('spdyproxy', ['--config', file]);
    await proxy.until(/old\.cert has expired/);
    proxy.signal('SIGHUP');
    await proxy.until(/Reloaded/);
    expect(await proxy.end()).to.equal(0);
    expect(proxy.log().split('has expired').length - 1).to.equal(2);
  });

  it('says it once, whatever the number of workers', async () => {
    const files = ['old.key', 'old.cert'].map((name) => join(folder, name));
    const args = ['-b', 'http://127.0.0.1', '--workers', '2', '0', ...files];
    const proxy = await daemon('spdyproxy', args);
    proxy.signal('SIGHUP');
    await proxy.until(/Reloaded/);
    expect(await proxy.end()).to.equal(0);
    expect(proxy.log().split('has expired').length - 1).to.equal(2);
  });

  it('is the same for spdyd', async () => {
    const server = await spdyd(['0', join(folder, 'old.key'), join(folder, 'old.cert')]);
    await server.until(/^spdyd: \S*\/old\.cert has expired: /m);
    expect(await server.end()).to.equal(0);
  });

  it('keeps the old ones where new ones are wrong, and says so once', async () => {
    const certificates = [{ key: 'own.key', cert: 'own.cert' }];
    const front = { port: 0, host: '127.0.0.1' };
    const good = { fronts: [{ ...front, certificates }], backs: ['http://127.0.0.1'], workers: 2 };
    const file = config(good);
    const proxy = await daemon('spdyproxy', ['--config', file]);
    writeFileSync(join(folder, 'own.key'), certificateOf(0).key);
    proxy.signal('SIGHUP');
    await proxy.until(/not reloaded: \S*own\.key is not the private key of \S*own\.cert/);
    writeFileSync(join(folder, 'own.key'), pair.key);
    proxy.signal('SIGHUP');
    await proxy.until(/Reloaded/);
    expect(await proxy.end()).to.equal(0);
    expect(proxy.log().split('not reloaded').length - 1).to.equal(1);
  });
});
