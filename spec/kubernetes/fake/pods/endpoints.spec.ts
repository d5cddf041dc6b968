import { expect } from 'chai';
import {
  createFakeApiServer,
  type FakeApiServer,
} from '../../../../lib/kubernetes/fake/api-server.ts';

describe('endpoints of a fake API server', () => {
  const app = { app: 'web' };
  const service = (name: string, spec: object): object => ({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name },
    spec,
  });

  /** They follow what has changed. */
  const settled = (): Promise<void> => new Promise((next) => setImmediate(next));

  async function serve(): Promise<FakeApiServer> {
    const containers = { main: { portNames: { http: 8080 } } };
    const fake = createFakeApiServer({
      pods: [
        { name: 'web-1', labels: app, containers },
        { name: 'web-2', labels: app, containers, ready: false },
        { name: 'web-3', labels: app, phase: 'Failed' },
        'other',
      ],
      objects: [
        service('web', { selector: app, ports: [{ name: 'h', port: 80, targetPort: 'http' }] }),
        service('none', { selector: { app: 'none' }, ports: [{ port: 80 }] }),
        service('own', { ports: [{ port: 80 }] }),
      ] as never,
    });
    await settled();
    return fake;
  }

  const subsets = (fake: FakeApiServer, name: string): unknown => {
    const found = fake.find('endpoints', name) as unknown as { subsets: Subset[] } | null;
    return found?.subsets.map(({ addresses = [], notReadyAddresses = [], ports }) => [
      addresses.map(({ targetRef }) => targetRef.name),
      notReadyAddresses.map(({ targetRef }) => targetRef.name),
      ports,
    ]);
  };

  it('are those pods that a service selects, ready or not', async () => {
    const fake = await serve();
    const ports = [{ name: 'h', port: 8080, protocol: 'TCP' }];
    expect(subsets(fake, 'web')).to.deep.equal([[['web-1'], ['web-2'], ports]]);
    expect(subsets(fake, 'none')).to.deep.equal([]);
    expect(subsets(fake, 'own')).to.equal(undefined);
    const slice = fake.find('endpointslice', 'web-fake') as unknown as Slice;
    expect(slice.endpoints.map(({ conditions }) => conditions.ready)).to.deep.equal([true, false]);
    expect(slice.ports).to.deep.equal(ports);
    // Each has a name there: kubectl reads it unseen.
    const nameless = fake.find('endpointslice', 'none-fake');
    expect(nameless).to.have.deep.property('ports', [{ name: '', port: 80, protocol: 'TCP' }]);
    expect(slice.metadata.labels).to.include({ 'kubernetes.io/service-name': 'web' });
    await fake.close();
  });

  it('follow what happens to pods and services, and only that', async () => {
    const fake = await serve();
    const version = (): unknown => fake.find('endpoints', 'none')?.metadata.resourceVersion;
    const before = version();
    fake.setPod('web-2', { ready: true });
    fake.deletePod('web-1', { graceSeconds: 0 });
    await settled();
    expect(subsets(fake, 'web')).to.have.deep.nested.property('[0][0]', ['web-2']);
    expect(version()).to.equal(before);
    fake.remove('service', 'web');
    await settled();
    expect([fake.find('ep', 'web'), fake.find('endpointslice', 'web-fake')]).to.deep.equal([
      null,
      null,
    ]);
    await fake.close();
  });

  it('that a test has put there stay as they are', async () => {
    const fake = await serve();
    fake.put({ apiVersion: 'v1', kind: 'Endpoints', metadata: { name: 'mine' }, subsets: [] });
    fake.put(service('mine', { selector: app }) as never);
    await settled();
    expect(subsets(fake, 'mine')).to.deep.equal([]);
    fake.remove('service', 'mine');
    await settled();
    expect(fake.find('endpoints', 'mine')).to.not.equal(null);
    await fake.close();
  });
});

interface Subset {
  readonly addresses?: { readonly targetRef: { readonly name: string } }[];
  readonly notReadyAddresses?: { readonly targetRef: { readonly name: string } }[];
  readonly ports: unknown;
}

interface Slice {
  readonly metadata: { readonly labels: object };
  readonly ports: unknown;
  readonly endpoints: { readonly conditions: { readonly ready: boolean } }[];
}
