import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import net, { type AddressInfo, type Socket } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { expect } from 'chai';
import {
  type ClusterOptions,
  copyFromPod,
  copyToPod,
  createFakeApiServer,
  exec,
  type FakeApiServer,
  loadKubeConfig,
  portForward,
  resolveTarget,
  run,
} from '../../lib/kubernetes/index.ts';
import {
  hideProxyVariables,
  type SpecProxy,
  startConnectProxy,
  startSocksProxy,
} from '../support/proxies.ts';
import { sharedCertificate } from '../support/session-pair.ts';

const TRANSPORTS = ['spdy', 'websocket'] as const;

describe('proxies of Kubernetes', () => {
  const certificate = sharedCertificate();
  hideProxyVariables();

  const web = http.createServer((_request, response) => response.end('a page'));
  const proxies: SpecProxy[] = [];
  let fake: FakeApiServer;
  let folder = '';

  before(async () => {
    web.listen(0, '127.0.0.1');
    await once(web, 'listening');
    const ports = { 80: (web.address() as AddressInfo).port };
    fake = createFakeApiServer({
      pods: [{ name: 'p1', ports }],
      tls: certificate,
      token: 'secret',
    });
    await fake.listen();
  });

  after(async () => {
    web.close();
    await fake.close();
  });

  beforeEach(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'spdylay-proxies-'));
  });

  afterEach(async () => {
    rmSync(folder, { recursive: true });
    await Promise.all(proxies.splice(0).map((proxy) => proxy.stop()));
  });

  const keep = (proxy: SpecProxy): SpecProxy => {
    proxies.push(proxy);
    return proxy;
  };

  /** The cluster under a name that only the proxies know. */
  const load = async (fields: object): Promise<ClusterOptions> => {
    const place = {
      server: `https://cluster.invalid:${fake.port}`,
      'tls-server-name': 'localhost',
      'certificate-authority-data': Buffer.from(certificate.cert).toString('base64'),
    };
    const config = {
      'current-context': 'x',
      contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
      clusters: [{ name: 'c', cluster: { ...place, ...fields } }],
      users: [{ name: 'u', user: { token: 'secret' } }],
    };
    const file = path.join(folder, 'config');
    writeFileSync(file, JSON.stringify(config));
    return (await loadKubeConfig(file)).cluster;
  };

  const failure = async (promise: Promise<unknown>): Promise<Error> =>
    await promise.then(
      () => expect.fail('it resolved'),
      (reason: Error) => reason,
    );

  const target = (): string => `cluster.invalid:${fake.port}`;

  const kinds: readonly (readonly [name: string, make: () => Promise<[SpecProxy, string]>])[] = [
    [
      'a SOCKS5 proxy, which looks up the name',
      async () => {
        const proxy = keep(await startSocksProxy());
        return [proxy, `socks5://127.0.0.1:${proxy.port}`];
      },
    ],
    [
      'a SOCKS5 proxy with a password',
      async () => {
        const proxy = keep(await startSocksProxy('me:p w'));
        return [proxy, `socks5h://me:p%20w@localhost:${proxy.port}`];
      },
    ],
    [
      'a proxy with a password, over TLS',
      async () => {
        const proxy = keep(await startConnectProxy(certificate));
        return [proxy, `https://me:p%20w@localhost:${proxy.port}`];
      },
    ],
  ];
  for (const [name, make] of kinds) {
    for (const transport of TRANSPORTS) {
      it(`${name}: exec, cp, port forwarding and what is looked up go through it, over ${transport}`, async () => {
        const [proxy, url] = await make();
        const cluster = await load({ 'proxy-url': url });
        const at = { cluster, pod: 'p1', transport };
        const command = await exec({ ...at, command: ['cat'], stdin: true });
        command.stdin.end('words');
        expect(await text(command.stdout)).to.equal('words');
        expect(await command.exited).to.deep.equal({ exitCode: 0 });
        const file = path.join(folder, 'file');
        writeFileSync(file, 'contents');
        await copyToPod({ ...at, from: file, to: `${folder}/there` });
        await copyFromPod({ ...at, from: `${folder}/there`, to: `${folder}/back` });
        expect(readFileSync(path.join(folder, 'back'), 'utf8')).to.equal('contents');
        expect((await resolveTarget({ cluster, pod: 'p1' })).container).to.equal('main');
        const forward = await portForward(at);
        const { port } = await forward.listen(80);
        expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).to.equal('a page');
        await forward.close();
        expect(proxy.asked).to.have.length.above(3);
        const login = url.includes('@') ? ' me:p w' : '';
        expect([...new Set(proxy.asked)]).to.deep.equal([target() + login]);
      });
    }
  }

  it('are taken from the environment, where proxy-url names none', async () => {
    const proxy = keep(await startConnectProxy());
    setVariable('HTTPS_PROXY', `127.0.0.1:${proxy.port}`);
    const way = { pod: 'p1', command: ['true'] };
    expect((await run({ cluster: await load({}), ...way })).exitCode).to.equal(0);
    expect(proxy.asked).to.deep.equal([target()]);
    const other = keep(await startSocksProxy());
    const named = await load({ 'proxy-url': `socks5://127.0.0.1:${other.port}` });
    expect((await run({ cluster: named, ...way })).exitCode).to.equal(0);
    expect([proxy.asked.length, other.asked.length]).to.deep.equal([1, 1]);
    setVariable('NO_PROXY', '.invalid');
    expect(await load({})).not.to.have.property('agent');
  });

  it('that are none are told of, without the password', async () => {
    for (const url of ['ftp://p', 'http://', 'p:1', 'socks4://p']) {
      const error = await failure(load({ 'proxy-url': url }));
      expect(error.message).to.match(/line 1: cluster "c": proxy-url must be a URL with http/);
    }
    for (const url of ['gopher://u:secret@p', 'http://u:sec%ret@p', 'http://u:secret@']) {
      setVariable('https_proxy', url);
      const error = await failure(load({}));
      expect(error).to.include({ code: 'ERR_SPDY_KUBECONFIG' });
      expect(error.message).to.match(/^the variable https_proxy must be/);
    }
  });

  it('over SOCKS that refuse, or are not there, are told of without the password', async () => {
    const strict = keep(await startSocksProxy('me:other'));
    const wrong = await load({ 'proxy-url': `socks5://me:secret@127.0.0.1:${strict.port}` });
    const open = keep(await startSocksProxy());
    const far = await load({
      server: 'https://cluster.invalid:1',
      'proxy-url': `socks5://127.0.0.1:${open.port}`,
    });
    for (const [cluster, words] of [
      [wrong, /the proxy 127\.0\.0\.1:\d+ does not connect to cluster\.invalid:\d+: .*Auth/],
      [far, /does not connect to cluster\.invalid:1: .*ConnectionRefused/],
    ] as const) {
      const error = await failure(run({ cluster, pod: 'p1', command: ['true'] }));
      expect(error).to.include({ code: 'ERR_SPDY_NEGOTIATION', by: 'peer' });
      expect(error.message).to.match(words);
      expect(JSON.stringify(error)).not.to.include('secret');
      expect(error.cause).to.equal(undefined);
    }
    const gone = keep(await startSocksProxy());
    await proxies.pop()?.stop();
    const cluster = await load({ 'proxy-url': `socks5://127.0.0.1:${gone.port}` });
    const error = await failure(run({ cluster, pod: 'p1', command: ['true'] }));
    expect(error).to.include({ code: 'ECONNREFUSED' });
  });

  it('over SOCKS that do not answer are left when the caller gives up', async () => {
    const silent = net.createServer().listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as AddressInfo;
    const cluster = await load({ 'proxy-url': `socks5://127.0.0.1:${port}` });
    for (const transport of TRANSPORTS) {
      const abort = new AbortController();
      const { signal } = abort;
      const failed = failure(portForward({ cluster, pod: 'p1', transport, signal }));
      const [socket] = (await once(silent, 'connection')) as [Socket];
      await once(
        socket.on('error', () => {}),
        'data',
      );
      abort.abort();
      expect(await failed).to.include({ code: 'ERR_SPDY_ABORTED' });
      await once(socket, 'close');
    }
    silent.close();
  });
});

function setVariable(name: string, value: string): void {
  Object.assign(process.env, { [name]: value });
}
