import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { expect } from 'chai';
import { createFakeApiServer } from '../../lib/kubernetes/fake/api-server.ts';
import { createProxy, type SpdyProxy } from '../../lib/tools/index.ts';
import { pattern, sha256 } from './support/bytes.ts';
import { Kubectl, type KubectlVariant, SPDY_ONLY, until } from './support/kubectl.ts';
import { certificate, type PeerName, peerPath, requirePeer } from './support/peers.ts';
import { PeerProcess } from './support/process.ts';

const VARIANTS = [
  { name: 'kubectl 1.20', peer: 'kubectl', file: 'kubectl-debian/usr/bin/kubectl', env: {} },
  { name: 'kubectl 1.36', peer: 'kubectl-36', file: 'kubectl-36/kubectl', env: {} },
  {
    name: 'kubectl 1.36 with SPDY alone',
    peer: 'kubectl-36',
    file: 'kubectl-36/kubectl',
    env: SPDY_ONLY,
  },
] as const;

/** A server of Kubernetes behind the proxy. */
interface ApiServer {
  readonly url: string;
  readonly token: string;
  readonly ca: string | Buffer | null;
  /** The port of a pod at which the web server of these specs is found. */
  readonly webPort: number;
  close(): Promise<void>;
}

/** How one is started, in front of a web server. */
interface ServerKind {
  readonly name: string;
  readonly peer: PeerName | null;
  start(web: number): Promise<ApiServer>;
}

const SERVERS: readonly ServerKind[] = [
  {
    name: 'the fake API server, with TLS',
    peer: null,
    start: async (web) => {
      const pods = [{ name: 'p1', ports: { 80: web } }];
      const { key, cert } = certificate();
      const tls = { key: key.toString(), cert: cert.toString() };
      const fake = await createFakeApiServer({ pods, tls, token: 'secret' }).listen();
      return {
        url: fake.url,
        token: 'secret',
        ca: cert,
        webPort: 80,
        close: () => fake.close(),
      };
    },
  },
  {
    name: 'a server of spdystream in Go',
    peer: 'kubestream',
    start: async (web) => {
      const server = new PeerProcess([peerPath('kubestream'), 'server']);
      const [, port] = await server.printed(/plain=(\d+)/);
      const url = `http://127.0.0.1:${port}`;
      return { url, token: 'none', ca: null, webPort: web, close: () => server.stop() };
    },
  },
];

for (const kind of SERVERS) {
  for (const { name, peer, file, env } of VARIANTS) {
    describe(`${name} through createProxy() to ${kind.name}`, () => {
      const web = http.createServer((request, response) => response.end(`got ${request.url}`));
      let server: ApiServer | undefined;
      let proxy: SpdyProxy | undefined;
      let kubectl: Kubectl;

      before(async function () {
        requirePeer(this, peer);
        requirePeer(this, 'curl');
        if (kind.peer !== null) requirePeer(this, kind.peer);
        await once(web.listen(0, '127.0.0.1'), 'listening');
        server = await kind.start((web.address() as AddressInfo).port);
        const { url, ca } = server;
        proxy = createProxy({ backs: [{ url, ...(ca === null ? {} : { tls: { ca } }) }] });
        const { port } = await proxy.listen({ port: 0, host: '127.0.0.1', ...certificate() });
        const variant: KubectlVariant = { name, file: peerPath(file), env, again: false };
        kubectl = await Kubectl.for(variant, {
          writeKubeConfig: (config) => writeFile(config, configOf(port, server?.token ?? '')),
        });
      });

      after(async () => {
        await kubectl?.close();
        proxy?.destroy();
        await server?.close();
        web.close();
        web.closeAllConnections();
      });

      it('runs commands, with their input, output and exit codes', async () => {
        for (const code of [0, 3]) {
          const script = `cat; echo bad >&2; exit ${code}`;
          const command = ['exec', '-i', 'p1', '--', 'sh', '-c', script];
          const ended = await kubectl.run(command, 'through');
          expect(ended.stdout.toString()).to.equal('through');
          expect(ended.stderr).to.match(/^bad\n/);
          expect(ended.code).to.equal(code);
        }
      });

      it('sends 16 MiB there and back', async () => {
        const body = pattern(16 << 20);
        const { stdout, code } = await kubectl.run(['exec', '-i', 'p1', '--', 'cat'], body);
        expect(code).to.equal(0);
        expect(sha256(stdout)).to.equal(sha256(body));
      });

      it('forwards ports, 20 connections at once', async () => {
        const { child, ports } = await kubectl.forward('p1', server?.webPort ?? 0);
        const asked = Array.from({ length: 20 }, async (_, index) => {
          const request = http.get(`http://127.0.0.1:${ports[0]}/${index}`, { agent: false });
          const [response] = await once(request, 'response');
          return text(response);
        });
        expect(await Promise.all(asked)).to.deep.equal(asked.map((_, index) => `got /${index}`));
        child.kill('SIGINT');
        await once(child, 'close');
      });

      it('copies files both ways', async () => {
        const body = pattern(300_000);
        const [one, other] = ['one', 'other'].map((it) => path.join(kubectl.home, it));
        await writeFile(one as string, body);
        // Pods of the Go server have the files of this machine.
        const there = path.join(kubectl.home, 'there');
        expect((await kubectl.run(['cp', one as string, `p1:${there}`])).code).to.equal(0);
        const script = ['exec', 'p1', '--', 'cat', there];
        expect(sha256((await kubectl.run(script)).stdout)).to.equal(sha256(body));
        expect((await kubectl.run(['cp', `p1:${there}`, other as string])).code).to.equal(0);
      });

      it('leaves no request behind', async () => {
        await until('no request is under way', () => proxy?.active === 0);
        expect(proxy?.statistics[0]?.active).to.equal(0);
      });
    });
  }
}

/** A configuration whose cluster is the proxy. */
function configOf(port: number, token: string): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'x',
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
    clusters: [
      {
        name: 'c',
        cluster: {
          server: `https://localhost:${port}`,
          'certificate-authority-data': certificate().cert.toString('base64'),
        },
      },
    ],
    users: [{ name: 'u', user: { token } }],
  });
}
