import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect } from 'chai';
import {
  createFakeApiServer,
  type FakeApiServer,
  type FakeManifest,
  loadKubeConfig,
  resolveTarget,
  run,
} from '../../lib/kubernetes/index.ts';
import { type SpecProxy, startConnectProxy, startSocksProxy } from '../support/proxies.ts';
import { sharedCertificate } from '../support/session-pair.ts';
import { Kubectl, SPDY_ONLY } from './support/kubectl.ts';
import { peerPath, requirePeer } from './support/peers.ts';

const LABELS = { app: 'web' };

const OBJECTS: readonly FakeManifest[] = [
  {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web' },
    spec: { selector: { matchLabels: LABELS } },
  },
  {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'web' },
    spec: {
      selector: LABELS,
      clusterIP: '10.0.0.1',
      ports: [
        { name: 'page', port: 8080, targetPort: 'http', protocol: 'TCP' },
        { name: 'plain', port: 81, protocol: 'TCP' },
      ],
    },
  },
];

for (const [name, env] of [
  ['over WebSocket', {}],
  ['over SPDY', SPDY_ONLY],
] as const) {
  describe(`kubectl 1.36 ${name} and this package reach the same pod`, () => {
    const certificate = sharedCertificate();
    let fake: FakeApiServer;
    let socks: SpecProxy;
    let connect: SpecProxy;
    const opened: Kubectl[] = [];

    before(async function () {
      requirePeer(this, 'kubectl-36');
      fake = createFakeApiServer({
        pods: [
          { name: 'a', labels: LABELS, ready: false },
          {
            name: 'b',
            labels: LABELS,
            annotations: { 'kubectl.kubernetes.io/default-container': 'two' },
            containers: {
              one: {},
              two: { portNames: { http: 8000 }, env: { WHERE: 'two of b' } },
            },
          },
        ],
        objects: OBJECTS,
        tls: certificate,
        token: 'secret',
      });
      await fake.listen();
      socks = await startSocksProxy();
      connect = await startConnectProxy();
    });

    after(async () => {
      await Promise.all(opened.map((kubectl) => kubectl.close()));
      await fake?.close();
      await socks?.stop();
      await connect?.stop();
    });

    /** A cluster whose name only the proxies know; what is set in the environment as well. */
    const reach = async (
      cluster: object,
      more: Readonly<Record<string, string>> = {},
    ): Promise<[Kubectl, string]> => {
      const place = {
        server: `https://cluster.invalid:${fake.port}`,
        'tls-server-name': 'localhost',
        'certificate-authority-data': Buffer.from(certificate.cert).toString('base64'),
      };
      const config = {
        apiVersion: 'v1',
        kind: 'Config',
        'current-context': 'x',
        contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
        clusters: [{ name: 'c', cluster: { ...place, ...cluster } }],
        users: [{ name: 'u', user: { token: 'secret' } }],
      };
      const file = peerPath('kubectl-36/kubectl');
      const variant = { name: 'kubectl', file, env: { ...env, ...more }, again: false };
      const kubectl = await Kubectl.for(variant, {
        writeKubeConfig: (path) => writeFile(path, JSON.stringify(config)),
      });
      opened.push(kubectl);
      return [kubectl, path.join(kubectl.home, 'config')];
    };

    const command = ['sh', '-c', 'echo $WHERE'];
    const direct = (): object => ({ server: `https://127.0.0.1:${fake.port}` });

    for (const pod of ['deploy/web', 'svc/web', 'pod/b']) {
      it(`by ${pod}, in the same container`, async () => {
        const [kubectl, file] = await reach(direct());
        const theirs = await kubectl.run(['exec', pod, '--', ...command]);
        const { cluster } = await loadKubeConfig(file);
        const container = pod === 'pod/b' ? { container: 'two' } : {};
        const ours = await run({ cluster, pod, command, ...container });
        expect(theirs.stdout.toString()).to.equal('two of b\n');
        expect(ours.stdout.toString()).to.equal('two of b\n');
      });
    }

    it('by the ports of a service', async () => {
      const [kubectl, file] = await reach(direct());
      const child = kubectl.start('port-forward', 'svc/web', ':page', ':plain');
      let log = '';
      child.stderr.resume();
      for await (const chunk of child.stdout) {
        log += chunk;
        if ((log.match(/127\.0\.0\.1/g) ?? []).length === 2) break;
      }
      const theirs = [...log.matchAll(/127\.0\.0\.1:\d+ -> (\d+)/g)].map(([, port]) =>
        Number(port),
      );
      const { cluster } = await loadKubeConfig(file);
      const found = await resolveTarget({ cluster, pod: 'svc/web' });
      expect(['page', 'plain'].map((port) => found.port(port))).to.deep.equal(theirs);
      expect(theirs).to.deep.equal([8000, 81]);
    });

    it('through SOCKS5, which looks up the name', async () => {
      const [kubectl, file] = await reach({ 'proxy-url': `socks5://127.0.0.1:${socks.port}` });
      const theirs = await kubectl.run(['exec', 'deploy/web', '--', ...command]);
      expect([theirs.code, theirs.stdout.toString()]).to.deep.equal([0, 'two of b\n']);
      const asked = new Set(socks.asked);
      const { cluster } = await loadKubeConfig(file);
      const ours = await run({ cluster, pod: 'deploy/web', command });
      expect(ours.stdout.toString()).to.equal('two of b\n');
      expect([...asked]).to.deep.equal([`cluster.invalid:${fake.port}`]);
      expect(new Set(socks.asked)).to.deep.equal(asked);
    });

    it('through the proxy of the environment, unless NO_PROXY has the name', async () => {
      const variables = { HTTPS_PROXY: `127.0.0.1:${connect.port}` };
      const [kubectl] = await reach({}, variables);
      const theirs = await kubectl.run(['exec', 'deploy/web', '--', ...command]);
      expect([theirs.code, theirs.stdout.toString()]).to.deep.equal([0, 'two of b\n']);
      expect([...new Set(connect.asked)]).to.deep.equal([`cluster.invalid:${fake.port}`]);
      const before = connect.asked.length;
      const [without] = await reach({}, { ...variables, NO_PROXY: '.invalid' });
      expect((await without.run(['exec', 'deploy/web', '--', ...command])).code).to.equal(1);
      expect(connect.asked).to.have.length(before);
    });
  });
}
