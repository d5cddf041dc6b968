import { expect } from 'chai';
import {
  createFakeApiServer,
  type FakeApiServer,
} from '../../../lib/kubernetes/fake/api-server.ts';
import type { FakeApiServerOptions } from '../../../lib/kubernetes/fake/options.ts';

describe('the control API of a fake API server', () => {
  let fake: FakeApiServer;

  async function serve(options: FakeApiServerOptions = {}): Promise<void> {
    fake = await createFakeApiServer({ control: true, pods: ['p1'], ...options }).listen();
  }

  afterEach(() => fake.close());

  async function ask(method: string, path: string, body?: unknown): Promise<[number, unknown]> {
    const answer = await fetch(`${fake.url}${path}`, {
      method,
      ...(body === undefined
        ? {}
        : { body: JSON.stringify(body), headers: { 'Content-Type': 'application/json' } }),
    });
    return [answer.status, await answer.json()];
  }

  it('is not there unless it is asked for', async () => {
    await serve({ control: false });
    expect((await ask('GET', '/_fake/open'))[0]).to.equal(404);
  });

  it('changes pods and other objects', async () => {
    await serve();
    const pod = { name: 'p2', namespace: 'n', containers: { a: {}, b: {} } };
    expect((await ask('POST', '/_fake/pods', pod))[0]).to.equal(200);
    await ask('PATCH', '/_fake/pods/n/p2', { phase: 'Pending', labels: { a: 'b' } });
    expect(fake.find('pod', 'p2', 'n')).to.deep.nested.include({
      'status.phase': 'Pending',
      'metadata.labels': { a: 'b' },
    });
    await ask('PATCH', '/_fake/pods/n/p2', { phase: 'Running' });
    await ask('POST', '/_fake/pods/n/p2/log?container=b', { text: 'hello\n' });
    const log = await fetch(`${fake.url}/api/v1/namespaces/n/pods/p2/log?container=b`);
    expect(await log.text()).to.equal('hello\n');
    await ask('DELETE', '/_fake/pods/n/p2?graceSeconds=0');
    expect(fake.find('pod', 'p2', 'n')).to.equal(null);
    const map = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'c' } };
    await ask('POST', '/_fake/objects', map);
    expect(fake.find('cm', 'c')).to.include({ kind: 'ConfigMap' });
  });

  it('makes things go wrong, and right again', async () => {
    await serve();
    const list = async (): Promise<number> => (await ask('GET', '/api/v1/pods'))[0];
    const fault = { action: 'list', refuseWith: 503 };
    expect(await ask('POST', '/_fake/faults', fault)).to.deep.equal([200, { id: 1 }]);
    expect(await list()).to.equal(503);
    expect(await ask('GET', '/_fake/faults')).to.deep.equal([
      200,
      { faults: [{ id: 1, ...fault }] },
    ]);
    expect((await ask('DELETE', '/_fake/faults/1'))[0]).to.equal(200);
    expect((await ask('DELETE', '/_fake/faults/1'))[0]).to.equal(404);
    expect(await list()).to.equal(200);
    await ask('POST', '/_fake/faults', fault);
    await ask('DELETE', '/_fake/faults');
    expect(await list()).to.equal(200);
    await ask('PUT', '/_fake/rules', []);
    expect(await list()).to.equal(403);
    await ask('PUT', '/_fake/rules', null);
    expect(await list()).to.equal(200);
    for (const path of ['/_fake/bookmark', '/_fake/expire-watches'])
      expect((await ask('POST', path))[0]).to.equal(200);
    const [, open] = await ask('GET', '/_fake/open');
    expect(open).to.include({ sessions: 0, processes: 0 });
  });

  it('says what is wrong', async () => {
    await serve();
    for (const [method, path, body, code] of [
      ['POST', '/_fake/pods', { name: 'p1' }, 400],
      ['PATCH', '/_fake/pods/default/p9', {}, 400],
      ...[
        ...[{ log: 1 }, { previousLog: 1 }, { directory: 1 }, { command: 'ls' }, { command: [1] }],
        ...[{ image: 1 }, { env: { A: 1 } }, { tty: 'no' }],
      ].map((main) => ['POST', '/_fake/pods', { name: 'p2', containers: { main } }, 400] as const),
      ['POST', '/_fake/pods', { name: 'p2', host: 1 }, 400],
      ['POST', '/_fake/faults', { delay: 1 }, 400],
      ['POST', '/_fake/faults', { action: 'lists' }, 400],
      ['POST', '/_fake/faults', { action: ['list', 1] }, 400],
      ['POST', '/_fake/faults', { pod: 1 }, 400],
      ['POST', '/_fake/faults', { message: 1 }, 400],
      ['PUT', '/_fake/rules', [{ verbs: ['*'], resources: ['*'], namespace: 1 }], 400],
      ['POST', '/_fake/objects', {}, 400],
      ['DELETE', '/_fake/pods/default/p1?graceSeconds=x', undefined, 400],
      ['GET', '/_fake/none', undefined, 404],
      ['POST', '/_fake/open', undefined, 404],
      ['POST', '/_fake/pods/default/p1/none', undefined, 404],
    ] as const)
      expect((await ask(method, path, body))[0], `${method} ${path}`).to.equal(code);
  });

  it('is no more open than the server', async () => {
    await serve();
    const headers = { Origin: 'http://example.org' };
    const { status } = await fetch(`${fake.url}/_fake/open`, { headers });
    expect(status).to.equal(403);
  });
});
