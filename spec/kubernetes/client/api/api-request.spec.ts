import { once } from 'node:events';
import http, { type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { PACKAGE_VERSION } from '../../../../lib/common/package-version.ts';
import { withCredentials } from '../../../../lib/kubernetes/client/api/api-request.ts';
import { run } from '../../../../lib/kubernetes/client/command/run.ts';
import { UpgradeRefusedError } from '../../../../lib/kubernetes/errors.ts';
import type { ClusterOptions } from '../../../../lib/kubernetes/kubeconfig/cluster.ts';

describe('requests to a cluster', () => {
  it('say who asks, over both transports, unless the cluster has a User-Agent of its own', async () => {
    const seen: IncomingHttpHeaders[] = [];
    const server = http.createServer((request, response) => {
      seen.push(request.headers);
      response.writeHead(403).end();
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const place = { server: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
    for (const cluster of [place, { ...place, headers: { 'user-agent': 'mine' } }])
      await run({ cluster, pod: 'p', command: ['x'] }).catch(() => {});
    server.close();
    const agents = seen.map((headers) => headers['user-agent'] ?? '');
    expect(agents).to.have.length(4);
    const [first = '', second, ...own] = agents;
    expect(first).to.match(/^spdylay\/\S+ \([a-z\d]+\/[a-z\d]+\)$/);
    expect(first).to.include(`/${PACKAGE_VERSION} (`);
    if (process.platform === 'linux' && process.arch === 'x64')
      expect(first).to.include('(linux/amd64)');
    expect(second).to.equal(first);
    expect(own).to.deep.equal(['mine', 'mine']);
  });

  it('have the certificates of the moment, and none without TLS', async () => {
    let count = 0;
    const cluster: ClusterOptions = {
      server: 'https://h',
      ca: 'old',
      cert: 'old',
      servername: 'n',
      certificates: async () => ({ cert: `cert ${++count}`, key: `key ${count}` }),
    };
    const tls = (url: string): Promise<object> =>
      withCredentials(new URL(url), cluster, null, async (credentials) => credentials.tls);
    await tls('https://h');
    expect(await tls('https://h')).to.deep.equal({
      ca: 'old',
      cert: 'cert 2',
      key: 'key 2',
      servername: 'n',
    });
    expect(await tls('http://h')).to.deep.equal({});
    expect(count).to.equal(2);
  });

  it('that are refused (401) are made once more, with another certificate if there is one', async () => {
    const made = async (next: string): Promise<unknown[]> => {
      const certs: unknown[] = [];
      const refusals: unknown[] = [];
      const cluster: ClusterOptions = {
        server: 'https://h',
        certificates: (refused) => {
          refusals.push(refused?.cert);
          return { cert: refused === undefined ? 'one' : next, key: 'k' };
        },
      };
      const result = await withCredentials(new URL('https://h'), cluster, null, async ({ tls }) => {
        certs.push(tls.cert);
        if (tls.cert === 'one') throw new UpgradeRefusedError('no', 401, null);
        return 'served';
      }).catch((error: UpgradeRefusedError) => error.statusCode);
      return [result, certs, refusals];
    };
    expect(await made('two')).to.deep.equal(['served', ['one', 'two'], [undefined, 'one']]);
    expect(await made('one')).to.deep.equal([401, ['one'], [undefined, 'one']]);
  });

  it('that are refused without TLS tell that there are credentials which were not sent', async () => {
    const server = http.createServer((_, response) => response.writeHead(status).end('{}'));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const place = { server: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
    let status = 401;
    const messageOf = async (more: object, pod: string): Promise<string> => {
      const cluster = { ...place, ...more };
      const error = await run({ cluster, pod, command: ['x'] }).catch((reason) => reason);
      return (error as Error).message;
    };
    const told = /token and certificate are sent to https servers only/;
    for (status of [401, 403])
      for (const pod of ['p', 'deploy/d']) {
        expect(await messageOf({ token: 't' }, pod)).to.match(told);
        expect(await messageOf({ cert: 'c', key: 'k' }, pod)).to.match(told);
        expect(await messageOf({}, pod))
          .to.include(`${status}`)
          .and.not.to.match(told);
      }
    status = 404;
    expect(await messageOf({ token: 't' }, 'p')).not.to.match(told);
    server.close();
  });

  it('do not wait for certificates when they are given up', async () => {
    const abort = new AbortController();
    const certificates = (): Promise<never> => new Promise(() => abort.abort());
    const asked = withCredentials(
      new URL('https://h'),
      { server: 'https://h', certificates },
      abort.signal,
      async () => {},
    );
    const error = await asked.catch((reason: unknown) => reason);
    expect(error).to.include({ code: 'ERR_SPDY_ABORTED' });
  });
});
