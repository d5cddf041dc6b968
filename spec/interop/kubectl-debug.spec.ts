import { expect } from 'chai';
import { createFakeApiServer, type FakeApiServer } from '../../lib/kubernetes/fake/api-server.ts';
import { isEmpty, Kubectl, until } from './support/kubectl.ts';
import { type PeerName, peerPath, requirePeer } from './support/peers.ts';

/** Each kubectl that is prepared; those before 1.22 want ephemeral containers in a form of their own. */
const KUBECTLS: Readonly<Record<string, PeerName>> = {
  '1.31': 'kubectl-31',
  '1.34': 'kubectl-34',
  '1.36': 'kubectl-36',
};

const IMAGE = '--image=busybox';

for (const [version, peer] of Object.entries(KUBECTLS)) {
  describe(`kubectl ${version} debug, with the fake API server`, () => {
    let fake: FakeApiServer;
    let kubectl: Kubectl;

    before(async function () {
      requirePeer(this, peer);
      const pods = [{ name: 'web', containers: { c: {} } }];
      fake = await createFakeApiServer({ pods, tls: true, token: 'secret' }).listen();
      const variant = { name: version, file: peerPath(`${peer}/kubectl`), env: {}, again: false };
      kubectl = await Kubectl.for(variant, fake);
    });

    after(async () => {
      await kubectl?.close();
      await fake?.close();
    });

    it('attaches to an ephemeral container, and tells how it ends', async () => {
      const script = ['--', 'sh', '-c', 'read line; echo got $line'];
      const args = ['debug', '-i', 'web', IMAGE, '--target=c', '-c', 'reader', ...script];
      const { code, stdout, stderr } = await kubectl.run(args, 'words\n');
      expect([code, stdout.toString().split('\n').at(-2)], stderr).to.deep.equal([0, 'got words']);
      const logs = await kubectl.run(['logs', 'web', '-c', 'reader']);
      expect(logs.stdout.toString()).to.equal('got words\n');
      await until('its end', () => states().get('reader')?.terminated?.exitCode === 0);
      const again = await kubectl.run(['attach', 'web', '-c', 'reader']);
      expect(again.code).to.equal(1);
      expect(again.stderr).to.include('container not found ("reader")');
    });

    it('attaches on a terminal', async () => {
      const args = ['debug', '-it', 'web', IMAGE, '-c', 'shell', '--', 'sh'];
      const terminal = kubectl.startOnTerminal({ cols: 101, rows: 33 }, ...args);
      await terminal.shows('try pressing enter');
      terminal.type('until [ "$(stty size)" = "33 101" ]; do sleep 0.1; done; exit\n');
      expect(await terminal.ended).to.equal(0);
    });

    it('leaves one behind without attaching, for exec, attach and describe', async () => {
      const script = ['--', 'sh', '-c', 'echo begins; exec sleep 300'];
      const args = ['debug', 'web', IMAGE, '-c', 'idle', '--attach=false', ...script];
      expect(await kubectl.run(args)).to.deep.include({ code: 0 });
      await until('it runs', () => states().get('idle')?.running !== undefined);
      const exec = await kubectl.run(['exec', 'web', '-c', 'idle', '--', 'echo', 'inside']);
      expect(exec.stdout.toString(), exec.stderr).to.equal('inside\n');
      const { stdout } = await kubectl.run(['describe', 'pod', 'web']);
      expect(stdout.toString()).to.match(/^Ephemeral Containers:\n(?:.*\n)*? {2}idle:/m);
      expect(fake.open.processes).to.equal(1);
    });

    it('says which target is not there', async () => {
      const { code, stderr } = await kubectl.run(['debug', 'web', IMAGE, '--target=none']);
      expect([code, stderr]).to.deep.include(1);
      expect(stderr).to.match(/spec\.ephemeralContainers\[\d\]\.targetContainerName: Not found/);
    });

    it('copies a pod, with a container beside those that it has', async () => {
      const script = ['--', 'sh', '-c', 'read line; echo got $line; exec sleep 300 >&-'];
      const args = ['debug', '-i', 'web', IMAGE, '--copy-to=copy', '-c', 'reader', ...script];
      const running = kubectl.start(...args);
      let shown = '';
      running.stdout.on('data', (chunk: Buffer) => {
        shown += chunk.toString();
      });
      running.stdin.write('words\n');
      await until('what is read', () => shown.includes('got words'));
      running.kill();
      const { spec } = fake.find('pod', 'copy') as unknown as Pod;
      expect(spec.containers.map(({ name }) => name)).to.deep.equal(['c', 'reader']);
      expect(spec).to.not.have.property('ephemeralContainers');
    });

    it('leaves nothing behind when the pods have gone', async () => {
      for (const name of ['web', 'copy']) fake.deletePod(name, { graceSeconds: 0 });
      await until('the end', () => isEmpty(fake));
    });

    function states(): ReadonlyMap<string, State> {
      const { status } = fake.find('pod', 'web') as unknown as Pod;
      const { ephemeralContainerStatuses: statuses = [] } = status;
      return new Map(statuses.map(({ name, state }) => [name, state]));
    }
  });
}

interface State {
  readonly running?: object;
  readonly terminated?: { readonly exitCode: number };
}

interface Pod {
  readonly spec: { readonly containers: readonly { readonly name: string }[] };
  readonly status: {
    readonly ephemeralContainerStatuses?: readonly {
      readonly name: string;
      readonly state: State;
    }[];
  };
}
