import { once } from 'node:events';
import http, { type IncomingMessage } from 'node:http';
import { json } from 'node:stream/consumers';
import { expect } from 'chai';
import {
  createFakeApiServer,
  type FakeApiServer,
} from '../../../../lib/kubernetes/fake/api-server.ts';
import type { FakeApiServerOptions } from '../../../../lib/kubernetes/fake/options.ts';
import { until } from '../../../support/session-pair.ts';

const MAP = { apiVersion: 'v1', kind: 'ConfigMap' };

describe('the end of namespaces of a fake API server', () => {
  let fake: FakeApiServer;

  async function serve(options: FakeApiServerOptions): Promise<void> {
    fake = await createFakeApiServer(options).listen();
  }

  afterEach(() => fake.close());

  async function ask(method: string, path: string, body?: object): Promise<[number, Answer]> {
    const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
    const asked = http.request(fake.url + path, { method, headers: { 'Content-Type': type } });
    asked.end(body === undefined ? '' : JSON.stringify(body));
    const [response] = (await once(asked, 'response')) as [IncomingMessage];
    return [response.statusCode ?? 0, (await json(response)) as Answer];
  }

  const hasGone = (name: string) => until(() => fake.find('ns', name) === null);

  it('takes along all that is in them, pods as soon as what runs in them has ended', async () => {
    await serve({
      pods: ['p1', { name: 'b', namespace: 'n', containers: { c: { start: true } } }],
    });
    fake.put({ ...MAP, metadata: { name: 'c', namespace: 'n' } });
    const [code, ending] = await ask('DELETE', '/api/v1/namespaces/n');
    expect([code, ending.status.phase]).to.deep.equal([200, 'Terminating']);
    expect(ending.metadata.deletionTimestamp).to.be.a('string');
    await hasGone('n');
    expect([fake.find('pod', 'b', 'n'), fake.find('cm', 'c', 'n')]).to.deep.equal([null, null]);
    expect(fake.find('pod', 'p1')).to.not.equal(null);
  });

  it('lets nothing new in', async () => {
    await serve({ pods: [{ name: 'p1', namespace: 'n' }] });
    const hold = { metadata: { finalizers: ['example.org/hold'] } };
    await ask('PATCH', '/api/v1/namespaces/n/pods/p1', hold);
    await ask('DELETE', '/api/v1/namespaces/n');
    const maps = '/api/v1/namespaces/n/configmaps';
    const [code, refused] = await ask('POST', maps, { metadata: { name: 'c' } });
    expect([code, refused.message, refused.details?.causes[0]?.reason]).to.deep.equal([
      403,
      'configmaps "c" is forbidden: unable to create new content in namespace n because it is being terminated',
      'NamespaceTerminating',
    ]);
    // A test may still put something there: it goes, too.
    fake.put({ ...MAP, metadata: { name: 'd', namespace: 'n' } });
    await until(() => fake.find('cm', 'd', 'n') === null);
    expect((await ask('DELETE', '/api/v1/namespaces/n'))[0]).to.equal(200);
  });

  it('waits for finalizers of what is in them, and for their own', async () => {
    await serve({ pods: [{ name: 'p1', namespace: 'n' }] });
    const held = { metadata: { finalizers: ['example.org/hold'] } };
    const free = { metadata: { finalizers: null } };
    fake.put({ ...MAP, metadata: { name: 'c', namespace: 'n', ...held.metadata } });
    await ask('PATCH', '/api/v1/namespaces/n', held);
    await ask('DELETE', '/api/v1/namespaces/n');
    const map = '/api/v1/namespaces/n/configmaps/c';
    await until(() => fake.find('cm', 'c', 'n')?.metadata.deletionTimestamp !== undefined);
    await until(() => fake.find('pod', 'p1', 'n') === null);
    await ask('PATCH', map, free);
    expect(fake.find('cm', 'c', 'n')).to.equal(null);
    expect((await ask('GET', '/api/v1/namespaces/n'))[1].status.phase).to.equal('Terminating');
    await ask('PATCH', '/api/v1/namespaces/n', free);
    await hasGone('n');
  });

  it('is for one at a time, and never for the default one', async () => {
    await serve({});
    expect((await ask('DELETE', '/api/v1/namespaces'))[0]).to.equal(405);
    expect((await ask('DELETE', '/api/v1/namespaces/default'))[0]).to.equal(403);
    const [, { resources }] = await ask('GET', '/api/v1');
    const found = resources?.find(({ name }) => name === 'namespaces');
    expect(found?.verbs).to.not.include('deletecollection');
  });

  it('comes at once when a test takes them away', async () => {
    await serve({ pods: [{ name: 'p1', namespace: 'n' }] });
    expect([fake.remove('ns', 'n'), fake.remove('ns', 'n')]).to.deep.equal([true, false]);
    expect([fake.find('ns', 'n'), fake.find('pod', 'p1', 'n')]).to.deep.equal([null, null]);
  });
});

interface Answer {
  readonly message?: string;
  readonly metadata: { readonly deletionTimestamp?: string };
  readonly status: { readonly phase?: string };
  readonly details?: { readonly causes: readonly { readonly reason: string }[] };
  readonly resources?: readonly { readonly name: string; readonly verbs: readonly string[] }[];
}
