import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'chai';
import { createFakeApiServer, type FakeApiServer } from '../../lib/kubernetes/fake/api-server.ts';
import { Tap } from '../../lib/tools/dump/tap/tap.ts';
import { Collected } from '../tools/dump/collect.ts';
import { Kubectl, kubectlVariants } from './support/kubectl.ts';
import { requirePeer } from './support/peers.ts';

const [variant] = kubectlVariants();

describe('kubectl through a tap', () => {
  for (const tls of [false, true]) {
    describe(tls ? 'with TLS' : 'without TLS', () => {
      let fake: FakeApiServer;
      let tap: Tap;
      let kubectl: Kubectl;
      const found = new Collected();

      before(async function () {
        requirePeer(this, 'kubectl');
        fake = await createFakeApiServer({
          pods: ['p1'],
          ...(tls ? { tls, token: 'secret' } : {}),
        }).listen();
        const { port } = new URL(fake.url);
        tap = await new Tap(
          { host: '127.0.0.1', port: Number(port), verify: false },
          found,
        ).listen();
        kubectl = await Kubectl.for(variant as NonNullable<typeof variant>, fake);
        useTap(path.join(kubectl.home, 'config'), Number(port), tap);
      });

      after(async () => {
        await kubectl?.close();
        await tap?.close();
        await fake?.close();
      });

      it('works, and is seen frame by frame', async () => {
        const { code, stdout } = await kubectl.run([
          'exec',
          'p1',
          '--',
          'sh',
          '-c',
          'echo out; exit 3',
        ]);
        expect([code, String(stdout)]).to.deep.equal([3, 'out\n']);
        const opening = found.events.find((event) => event.event === 'connection');
        expect(opening).to.include({ version: 'spdy/3.1' });
        const opened = found.frames.filter(({ type }) => type === 'SYN_STREAM');
        const kinds = opened.flatMap(({ headers = [] }) =>
          headers.flatMap(([name, value]) => (name === 'streamtype' ? [value] : [])),
        );
        expect(kinds).to.include.members(['error', 'stdout', 'stderr']);
        const bodies = [...found.bodies.values()].map(String);
        expect(bodies).to.include('out\n');
        expect(bodies.join()).to.include('NonZeroExitCode');
      });
    });
  }
});

/** Puts the tap into a kubeconfig instead of the server. */
function useTap(file: string, port: number, tap: Tap): void {
  const text = readFileSync(file, 'utf8')
    .replaceAll(`:${port}`, `:${tap.port}`)
    .replace(
      /(certificate-authority-data"?: *"?)[\w+/=]+/,
      `$1${Buffer.from(tap.certificate).toString('base64')}`,
    );
  writeFileSync(file, text);
}
