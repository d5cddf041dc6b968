import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import net, { type AddressInfo, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { createFakeApiServer, type FakeApiServer } from '../../lib/kubernetes/fake/api-server.ts';
import type { FakeApiServerOptions } from '../../lib/kubernetes/fake/options.ts';
import { CRON_SPEC, cronTab, cronTabs } from '../kubernetes/fake/custom/crontab.ts';
import { isEmpty, Kubectl, until } from './support/kubectl.ts';
import { type PeerName, peerPath, peerProgram, requirePeer } from './support/peers.ts';

/** Each kubectl that is prepared. */
const KUBECTLS: Readonly<Record<string, readonly [PeerName, string]>> = {
  '1.20': ['kubectl', 'kubectl-debian/usr/bin/kubectl'],
  '1.31': ['kubectl-31', 'kubectl-31/kubectl'],
  '1.34': ['kubectl-34', 'kubectl-34/kubectl'],
  '1.36': ['kubectl-36', 'kubectl-36/kubectl'],
};

const POD = JSON.stringify({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'made', labels: { app: 'made' } },
  spec: {
    terminationGracePeriodSeconds: 5,
    containers: [
      { name: 'c', image: 'busybox', command: ['sh', '-c', 'echo hello; exec sleep 300'] },
    ],
  },
});

/** A pod that answers what it is sent, with a deployment and a service that lead to it. */
function webOptions(port: number): FakeApiServerOptions {
  const selector = { app: 'web' };
  return {
    pods: [
      {
        name: 'web-1',
        labels: selector,
        ports: { 8080: port },
        containers: {
          main: { portNames: { http: 8080 }, log: 'one\ntwo\n', previousLog: 'old\n' },
        },
      },
    ],
    objects: [
      {
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata: { name: 'web' },
        spec: {
          selector: { matchLabels: selector },
          template: { metadata: { labels: selector }, spec: { containers: [] } },
        },
      },
      {
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name: 'web' },
        spec: { selector, ports: [{ name: 'web', port: 80, targetPort: 'http' }] },
      },
    ],
  };
}

/** Sends everything back. */
async function echoServer(): Promise<Server> {
  const server = net.createServer((socket) => {
    socket.on('error', () => {});
    socket.pipe(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

for (const [version, [peer, file]] of Object.entries(KUBECTLS)) {
  describe(`the fake API server and kubectl ${version}`, () => {
    let echo: Server;
    let fake: FakeApiServer;
    let kubectl: Kubectl;

    before(async function () {
      requirePeer(this, peer);
      echo = await echoServer();
      const { port } = echo.address() as AddressInfo;
      const secret = { tls: true, token: 'secret' };
      fake = await createFakeApiServer({ ...webOptions(port), ...secret }).listen();
      const variant = { name: version, file: peerPath(file), env: {}, again: false };
      kubectl = await Kubectl.for(variant, fake);
      writeFileSync(path.join(kubectl.home, 'pod.json'), POD);
    });

    after(async () => {
      await kubectl?.close();
      await fake?.close();
      echo?.close();
    });

    async function run(...args: string[]): Promise<[number | null, string]> {
      const { code, stdout, stderr } = await kubectl.run(args);
      return [code, code === 0 ? stdout.toString() : stderr];
    }

    it('get: what is selected, as a table', async () => {
      expect((await run('get', 'pods'))[1]).to.match(
        /^NAME +READY +STATUS +RESTARTS +AGE\nweb-1 +1\/1 +Running +0 +\d+/,
      );
      expect(await run('get', 'pods,deploy,svc', '-l', 'app=none', '-o', 'name')).to.deep.equal([
        0,
        '',
      ]);
      expect(await run('get', 'pods', '-l', 'app in (web,x)', '-o', 'name')).to.deep.equal([
        0,
        'pod/web-1\n',
      ]);
      const selector = '--field-selector=status.phase=Running,metadata.name!=web-1';
      expect(await run('get', 'pods', selector, '-o', 'name')).to.deep.equal([0, '']);
      const [code, words] = await run('get', 'pods', '--field-selector=spec.color=red');
      expect([code, words]).to.deep.include(1);
      expect(words).to.include('field label not supported: spec.color');
    });

    it('wait: for what happens, and not for ever', async () => {
      fake.addPod({ name: 'slow', phase: 'Pending' });
      const [late] = await run('wait', '--for=condition=Ready', 'pod/slow', '--timeout=1s');
      expect(late).to.equal(1);
      let watches = 0;
      fake.on('request', ({ action }) => {
        if (action === 'watch') watches += 1;
      });
      const waiting = run('wait', '--for=condition=Ready', 'pod/slow', '--timeout=60s');
      await until('a watch', () => watches > 0);
      fake.setPod('slow', { phase: 'Running' });
      expect(await waiting).to.deep.equal([0, 'pod/slow condition met\n']);
      fake.deletePod('slow');
    });

    it('apply, logs, exec, cp and delete: the life of a pod', async () => {
      const apply = ['apply', '-f', 'pod.json'];
      expect(await run(...apply)).to.deep.equal([0, 'pod/made created\n']);
      expect(await run(...apply)).to.deep.equal([0, 'pod/made unchanged\n']);
      const ready = ['wait', '--for=condition=Ready', 'pod/made', '--timeout=30s'];
      expect(await run(...ready)).to.deep.equal([0, 'pod/made condition met\n']);
      expect(await run('label', 'pod', 'made', 'x=y')).to.deep.include(0);
      expect(await run('get', 'pod', '-l', 'x=y', '-o', 'name')).to.deep.equal([0, 'pod/made\n']);
      const exec = await kubectl.run(['exec', 'made', '--', 'sh', '-c', 'echo out; exit 3']);
      expect([exec.code, exec.stdout.toString()]).to.deep.equal([3, 'out\n']);
      mkdirSync(path.join(kubectl.home, 'tree'));
      writeFileSync(path.join(kubectl.home, 'tree/file'), 'content');
      expect((await run('cp', 'tree', 'made:copy'))[0]).to.equal(0);
      expect((await run('cp', 'made:copy', 'back'))[0]).to.equal(0);
      expect(readFileSync(path.join(kubectl.home, 'back/file'), 'utf8')).to.equal('content');
      const following = kubectl.start('logs', '-f', 'made');
      let log = '';
      following.stdout.on('data', (chunk: Buffer) => {
        log += chunk.toString();
      });
      await until('the log', () => log === 'hello\n');
      const followed = once(following, 'close');
      const [code, words] = await run('delete', 'pod', 'made');
      expect([code, words]).to.deep.include(0);
      expect(words).to.match(/^pod "made" deleted/);
      expect([(await followed)[0], log]).to.deep.equal([0, 'hello\n']);
      expect((await run('get', 'pod', 'made'))[1]).to.include('pods "made" not found');
      await until('nothing is left', () => isEmpty(fake));
    });

    it('apply --server-side: fields that belong to others are theirs', async () => {
      const file = path.join(kubectl.home, 'map.json');
      const write = (data: object): void =>
        writeFileSync(
          file,
          JSON.stringify({
            apiVersion: 'v1',
            kind: 'ConfigMap',
            metadata: { name: 'owned' },
            data,
          }),
        );
      const apply = ['apply', '--server-side', '-f', file];
      write({ a: '1' });
      expect(await run(...apply)).to.deep.equal([0, 'configmap/owned serverside-applied\n']);
      write({ a: '2' });
      const [code, words] = await run(...apply, '--field-manager=other');
      expect(code).to.equal(1);
      expect(words).to.include('Apply failed with 1 conflict: conflict with "kubectl": .data.a');
      const forced = await run(...apply, '--field-manager=other', '--force-conflicts');
      expect(forced).to.deep.equal([0, 'configmap/owned serverside-applied\n']);
      expect(fake.find('configmap', 'owned')).to.have.deep.property('data', { a: '2' });
      expect((await run('apply', '-f', file))[0]).to.equal(0);
    });

    it('rollout, expose and set: workloads as a test says that they are', async () => {
      const metadata = { name: 'app' };
      const template = {
        metadata: { labels: { app: 'x' } },
        spec: { containers: [{ name: 'c', image: 'one' }] },
      };
      const spec = { replicas: 1, selector: { matchLabels: { app: 'x' } }, template };
      const kind = { apiVersion: 'apps/v1', kind: 'Deployment' };
      fake.put({ ...kind, metadata, spec });
      expect((await run('set', 'image', 'deploy/app', 'c=two'))[0]).to.equal(0);
      expect((await run('rollout', 'restart', 'deploy/app'))[0]).to.equal(0);
      expect(await run('expose', 'deploy/app', '--port=80')).to.deep.equal([
        0,
        'service/app exposed\n',
      ]);
      const [late, words] = await run('rollout', 'status', 'deploy/app', '--timeout=1s');
      expect(late).to.equal(1);
      expect(words).to.match(/timed out waiting/);
      const status = { replicas: 1, updatedReplicas: 1, availableReplicas: 1, readyReplicas: 1 };
      fake.put({ ...kind, ...fake.find('deployment', 'app'), metadata, status });
      expect((await run('rollout', 'status', 'deploy/app', '--timeout=30s'))[1]).to.include(
        'successfully rolled out',
      );
    });

    it('delete namespace: with all that is in it', async () => {
      fake.addPod({ name: 'inside', namespace: 'ending' });
      const [code, words] = await run('delete', 'namespace', 'ending', '--timeout=30s');
      expect([code, words]).to.deep.equal([0, 'namespace "ending" deleted\n']);
      expect([fake.find('pod', 'inside', 'ending'), fake.find('ns', 'ending')]).to.deep.equal([
        null,
        null,
      ]);
    });

    it('says what it does not have', async () => {
      for (const args of [
        ['top', 'pods'],
        ['get', 'csr'],
      ]) {
        const [code, words] = await run(...args);
        expect(code, args.join(' ')).to.equal(1);
        expect(words, args.join(' ')).to.match(/Metrics API not available|doesn't have a resource/);
      }
    });

    it('explain, drain and helpers of charts: fields, evictions, kinds of all groups', async () => {
      // Before 1.27 it reads what the fake server does not tell.
      if (version !== '1.20') {
        const [code, words] = await run('explain', 'pod.spec.containers.ports');
        expect([code, words]).to.deep.include(0);
        expect(words).to.match(/hostPort\s+<integer>/);
      }
      fake.addPod({ name: 'evicted', labels: { only: 'this' } });
      expect((await run('drain', 'fake-node', '--force', '--pod-selector=only=this'))[0]).to.equal(
        0,
      );
      expect(fake.find('pod', 'evicted')).to.equal(null);
      expect(fake.find('node', 'fake-node')).to.have.nested.property('spec.unschedulable', true);
      expect(await run('create', 'serviceaccount', 'bot')).to.deep.equal([
        0,
        'serviceaccount/bot created\n',
      ]);
      expect((await run('get', 'sa,leases,roles,ingresses,pvc'))[0]).to.equal(0);
    });

    it('create, scale and auth: objects by their names, in whatever form', async () => {
      expect(await run('create', 'configmap', 'm', '--from-literal=a=b')).to.deep.equal([
        0,
        'configmap/m created\n',
      ]);
      expect(await run('get', 'configmap', 'm', '-o', 'jsonpath={.data}')).to.deep.equal([
        0,
        '{"a":"b"}',
      ]);
      expect((await run('create', 'secret', 'generic', 's', '--from-literal=a=b'))[0]).to.equal(0);
      const secret = ['get', 'secret', 's', '-o', 'jsonpath={.data.a}'];
      expect(await run(...secret)).to.deep.equal([0, 'Yg==']);
      expect((await run('create', 'namespace', 'made'))[0]).to.equal(0);
      const deployment = ['create', 'deployment', 'd', '--image=x', '--replicas=2'];
      expect(await run(...deployment)).to.deep.equal([0, 'deployment.apps/d created\n']);
      expect((await run('scale', 'deployment', 'd', '--replicas=3'))[0]).to.equal(0);
      expect(fake.find('deployment', 'd')).to.have.nested.property('spec.replicas', 3);
      expect((await run('create', 'job', 'j', '--image=x', '--', 'a', 'b'))[0]).to.equal(0);
      expect(fake.find('job', 'j'))
        .to.have.nested.property('spec.template.spec.containers[0].command')
        .that.deep.equals(['a', 'b']);
      expect(await run('auth', 'can-i', 'create', 'pods')).to.deep.equal([0, 'yes\n']);
      fake.setRules([{ verbs: ['get'], resources: ['pods'] }]);
      const { code, stdout } = await kubectl.run(['auth', 'can-i', 'create', 'pods']);
      fake.setRules(null);
      expect([code, stdout.toString()]).to.deep.equal([1, 'no\n']);
    });

    it('auth and create token: as rules for users say', async () => {
      const account = 'system:serviceaccount:default:kubectl-bot';
      fake.put({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'kubectl-bot' } });
      fake.setRules([
        { verbs: ['*'], resources: ['*'], users: ['fake'] },
        { verbs: ['list'], resources: ['pods'], users: [account] },
      ]);
      const as = `--as=${account}`;
      const answers = [
        await kubectl.run(['auth', 'can-i', 'list', 'pods', as]),
        await kubectl.run(['auth', 'can-i', 'delete', 'pods', as]),
        await kubectl.run(['get', 'services', as]),
      ];
      const [, rules] = await run('auth', 'can-i', '--list', as);
      // From 1.24 on, and from 1.28 on.
      const token = version === '1.20' ? null : await run('create', 'token', 'kubectl-bot');
      const who = version === '1.20' ? null : await run('auth', 'whoami', as);
      fake.setRules(null);
      expect(answers.map(({ code }) => code)).to.deep.equal([0, 1, 1]);
      expect(rules)
        .to.match(/^pods\s+\[\]\s+\[\]\s+\[list\]$/m)
        .and.not.match(/\[\*\]\s*$/m);
      if (token !== null) expect(token[1]).to.match(/^[\w-]+\.[\w-]+\.[\w-]+\n?$/);
      if (who !== null) expect(who[1]).to.include(account);
    });

    it('delete --cascade: what an object owns goes with it, or stays', async () => {
      const kind = { apiVersion: 'v1', kind: 'ConfigMap' };
      for (const [policy, stays] of [
        ['background', false],
        ['foreground', false],
        ['orphan', true],
      ] as const) {
        const { uid } = fake.put({ ...kind, metadata: { name: 'owner' } }).metadata;
        const reference = { ...kind, name: 'owner', uid, blockOwnerDeletion: true };
        fake.put({ ...kind, metadata: { name: policy, ownerReferences: [reference] } });
        const args = ['delete', 'configmap', 'owner', `--cascade=${policy}`, '--timeout=30s'];
        const [code, words] = await run(...args);
        expect([code, words]).to.deep.include(0);
        expect(words).to.match(/^configmap "owner" deleted/);
        if (stays)
          expect(fake.find('configmap', policy)?.metadata).to.not.have.property('ownerReferences');
        else await until(policy, () => fake.find('configmap', policy) === null);
      }
    });

    // Older ones have no such command.
    const itWithEvents = version === '1.20' ? () => {} : it;
    itWithEvents('events: those of an object', async () => {
      const about = { kind: 'Pod', name: 'web-1' };
      const event = { apiVersion: 'v1', kind: 'Event', reason: 'Tried', type: 'Warning' };
      fake.put({ ...event, metadata: { name: 'e' }, involvedObject: about, message: 'it has not' });
      const [code, words] = await run('events', '--for', 'pod/web-1');
      expect([code, words]).to.deep.include(0);
      expect(words).to.match(/Warning +Tried +Pod\/web-1 +it has not/);
    });

    it('custom resources: as their definition says', async () => {
      const file = (name: string, content: object): string => {
        const place = path.join(kubectl.home, `${name}.json`);
        writeFileSync(place, JSON.stringify(content));
        return place;
      };
      const definition = cronTabs(CRON_SPEC, {
        subresources: {
          status: {},
          scale: { specReplicasPath: '.spec.replicas', statusReplicasPath: '.status.replicas' },
        },
        additionalPrinterColumns: [{ name: 'When', type: 'string', jsonPath: '.spec.schedule' }],
      });
      expect(await run('apply', '-f', file('definition', definition))).to.deep.equal([
        0,
        'customresourcedefinition.apiextensions.k8s.io/crontabs.stable.example.com created\n',
      ]);
      const established = ['crd/crontabs.stable.example.com', '--for=condition=established'];
      expect((await run('wait', '--timeout=30s', ...established))[0]).to.equal(0);
      const tab = (spec: object): string => file('tab', cronTab('tab', { ...spec }));
      const made = 'crontab.stable.example.com/tab';
      for (const [spec, words] of [
        [{ schedule: '* *' }, `${made} created\n`],
        [{ schedule: '0 0', mode: 'slow' }, `${made} configured\n`],
      ] as const)
        expect(await run('apply', '-f', tab(spec))).to.deep.equal([0, words]);
      expect((await run('get', 'ct'))[1]).to.match(/^NAME +WHEN\ntab +0 0\n$/);
      const [code, words] = await run('apply', '-f', tab({ schedule: 'x' }));
      expect([code, words]).to.deep.include(1);
      expect(words).to.include("spec.schedule in body should match '^\\S+ \\S+$'");
      expect((await run('scale', 'ct/tab', '--replicas=3'))[0]).to.equal(0);
      const merge = ['patch', 'ct', 'tab', '--type=merge', '-p', '{"spec":{"mode":"fast"}}'];
      expect((await run(...merge))[0]).to.equal(0);
      expect(fake.find('ct', 'tab'))
        .to.have.property('spec')
        .that.includes({ replicas: 3, mode: 'fast' });
      if (version !== '1.20')
        expect((await run('explain', 'crontab.spec.schedule'))[1]).to.match(/schedule <string>/);
      expect((await run('delete', 'crd', 'crontabs.stable.example.com'))[0]).to.equal(0);
      expect((await run('get', 'ct'))[1]).to.match(/doesn't have a resource type|could not find/);
    });

    it('logs: the last lines, and those of the run before', async () => {
      expect(await run('logs', 'web-1', '--tail=1')).to.deep.equal([0, 'two\n']);
      expect(await run('logs', 'web-1', '--previous')).to.deep.equal([0, 'old\n']);
      expect(await run('logs', 'deploy/web')).to.deep.equal([0, 'one\ntwo\n']);
      const [code, words] = await run('logs', 'web-1', '-c', 'none');
      expect(code).to.equal(1);
      expect(words).to.include('container none is not valid for pod web-1');
    });

    it('exec and port-forward: by the names of what leads to pods', async () => {
      expect(await run('exec', 'deploy/web', '--', 'echo', 'here')).to.deep.equal([0, 'here\n']);
      const child = kubectl.start('port-forward', 'svc/web', ':80');
      let said = '';
      child.stdout.on('data', (chunk: Buffer) => {
        said += chunk.toString();
      });
      await until('it listens', () => /127\.0\.0\.1:\d+ -> 8080/.test(said));
      const [, port] = /127\.0\.0\.1:(\d+) ->/.exec(said) ?? [];
      const socket = net.connect(Number(port), '127.0.0.1');
      socket.write('hello');
      const [answer] = (await once(socket, 'data')) as [Buffer];
      expect(answer.toString()).to.equal('hello');
      socket.destroy();
      child.kill('SIGINT');
      await once(child, 'close');
    });

    it('shows what it may not', async () => {
      fake.setRules([{ verbs: ['get', 'list'], resources: ['pods'] }]);
      const [code, words] = await run('exec', 'web-1', '--', 'true');
      fake.setRules(null);
      expect(code).to.equal(1);
      expect(words).to.match(/User "fake" cannot (?:create|get) resource "pods\/exec"/);
    });
  });
}

describe('the fake API server and clients in other languages', () => {
  let echo: Server;
  let fake: FakeApiServer;
  let folder: string;

  beforeEach(async () => {
    echo = await echoServer();
    const { port } = echo.address() as AddressInfo;
    const [pod] = webOptions(port).pods as [object];
    const ports = { 80: port };
    const options = {
      ...webOptions(port),
      pods: [{ ...pod, name: 'web-1', ports }],
      control: true,
    };
    fake = await createFakeApiServer(options).listen();
    folder = mkdtempSync(path.join(tmpdir(), 'spdylay-fake-'));
    await fake.writeKubeConfig(path.join(folder, 'config'));
  });

  afterEach(async () => {
    await fake.close();
    echo.close();
    rmSync(folder, { recursive: true });
  });

  async function seenBy(program: string, ...args: string[]): Promise<Seen> {
    const { stdout } = await promisify(execFile)(program, [...args, path.join(folder, 'config')]);
    return JSON.parse(stdout) as Seen;
  }

  const common = {
    ...{ list: ['web-1'], deployments: ['web'], refused: 400, created: 'Pending', twice: 409 },
    ...{ exec: ['out\n', 3], forwarded: 'hello', conflict: 409 },
  };

  for (const name of ['client-node', 'client-node-2'] as const) {
    it(`${name}: lists, informers, create, patch, apply, logs, exec, cp, port-forward, delete`, async function () {
      requirePeer(this, name);
      const entry = peerPath(`${name}/node_modules/@kubernetes/client-node/dist/index.js`);
      const script = peerProgram('fake-clients/client-node.mjs');
      // The second one asks for what Node 20 does not have.
      const newer = peerPath('node-22/node_modules/node/bin/node');
      const node = name === 'client-node' ? process.execPath : newer;
      const { events, ...seen } = await seenBy(node, script, entry);
      const labels = { patched: { app: 'made', x: 'y' }, applied: { app: 'mine', x: 'y' } };
      const more = { read: 'Running', ...labels, log: 'hello\n', copied: ['content', 0] };
      expect(seen).to.deep.equal({ ...common, ...more });
      expect(events).to.include.members([
        ...['add web-1', 'add made', 'update made', 'add late', 'delete made'],
      ]);
    });
  }

  it('Python: lists, watches, create, patch, apply, logs, exec, port-forward, delete', async function () {
    requirePeer(this, 'python3-kubernetes');
    const script = peerProgram('fake-clients/client.py');
    const { events, ...seen } = await seenBy(peerPath('python3-kubernetes'), script);
    const labels = { patched: { x: 'y' }, applied: { x: 'z' } };
    expect(seen).to.deep.equal({ ...common, ...labels, log: ['hello'], gone: 404 });
    expect(events.at(-1)).to.match(/^(?:ADDED|MODIFIED) Running$/);
  });
});

interface Seen {
  readonly events: string[];
  readonly [name: string]: unknown;
}
