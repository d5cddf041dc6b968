import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import { createFakeApiServer, type FakeApiServer } from '../../lib/kubernetes/fake/api-server.ts';
import { digest, isEmpty, Kubectl, kubectlVariants, until } from './support/kubectl.ts';
import { requirePeer } from './support/peers.ts';

const OUTPUT = 30_000_000;
/** Longer than the five seconds after which kubectl sends a PING. */
const SLEEP_MS = 9000;

describe('how sessions with kubectl end', () => {
  let fake: FakeApiServer;
  let idle: FakeApiServer;
  const kubectls: Kubectl[] = [];
  const idlers: Kubectl[] = [];

  before(async function () {
    requirePeer(this, 'kubectl');
    fake = await createFakeApiServer({ pods: ['p1'] }).listen();
    idle = await createFakeApiServer({
      pods: [{ name: 'p1', containers: { main: { command: ['sleep', '300'] } } }],
      streaming: { idleTimeoutMs: 1500, idleIgnoresPing: true },
    }).listen();
    for (const variant of kubectlVariants()) {
      kubectls.push(await Kubectl.for(variant, fake));
      idlers.push(await Kubectl.for(variant, idle));
    }
  });

  after(async () => {
    await Promise.all([...kubectls, ...idlers].map((kubectl) => kubectl.close()));
    await fake?.close();
    await idle?.close();
  });

  it('a reader that sleeps gets all of a long output (kubernetes#60140)', async () => {
    // All at once: they sleep anyway.
    const results = await Promise.all(
      kubectls.map(async (kubectl) => {
        const child = kubectl.start('exec', 'p1', '--', 'head', '-c', String(OUTPUT), '/dev/zero');
        await delay(SLEEP_MS);
        const [{ bytes }] = await Promise.all([digest(child.stdout), once(child, 'close')]);
        return [child.exitCode, bytes];
      }),
    );
    expect(results).to.deep.equal(kubectls.map(() => [0, OUTPUT]));
    await until('nothing is left', () => isEmpty(fake));
  });

  it('a silent client is sent away after the idle timeout, with its process', async () => {
    const children = idlers.map((kubectl) =>
      kubectl.start('exec', '-i', 'p1', '--', 'sleep', '300'),
    );
    const closed = children.map((child) => once(child, 'close'));
    await until('processes', () => idle.open.processes === children.length);
    await until('nothing is left', () => isEmpty(idle));
    await Promise.all(closed);
  });

  it('the end of the server ends everything', async () => {
    const server = await createFakeApiServer({ pods: ['p1'] }).listen();
    const [kubectl] = kubectls as [Kubectl];
    await server.writeKubeConfig(`${kubectl.home}/other`);
    const child = kubectl.start('--kubeconfig', 'other', 'exec', 'p1', '--', 'sleep', '300');
    await until('process', () => server.open.processes === 1);
    await Promise.all([server.close(), once(child, 'close')]);
    expect(server.open).to.deep.equal({ connections: 0, sessions: 0, processes: 0 });
  });
});
