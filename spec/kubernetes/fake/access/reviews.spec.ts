import { expect } from 'chai';
import {
  createFakeApiServer,
  type FakeApiServer,
} from '../../../../lib/kubernetes/fake/api-server.ts';

describe('what users ask a fake API server about themselves', () => {
  let fake: FakeApiServer;

  beforeEach(async () => {
    fake = await createFakeApiServer({}).listen();
  });

  afterEach(() => fake.close());

  async function ask(
    plural: string,
    body: unknown,
    group = 'authorization.k8s.io',
  ): Promise<[number, object]> {
    const answer = await fetch(`${fake.url}/apis/${group}/v1/${plural}`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    });
    const { status, message } = (await answer.json()) as { status: object; message?: string };
    return [answer.status, message === undefined ? status : { message }];
  }

  const may = async (resourceAttributes: object): Promise<unknown> =>
    (await ask('selfsubjectaccessreviews', { spec: { resourceAttributes } }))[1];

  it('is whether they may do something', async () => {
    const get = { verb: 'get', resource: 'pods', namespace: 'default' };
    expect(await may(get)).to.deep.equal({ allowed: true });
    fake.setRules([
      { verbs: ['get'], resources: ['pods'], namespace: 'default' },
      { verbs: ['create'], resources: ['pods/exec'], resourceNames: ['a'] },
      { verbs: ['*'], resources: ['*'], apiGroups: ['apps'] },
    ]);
    for (const [asked, allowed] of [
      [get, true],
      [{ ...get, namespace: 'other' }, false],
      [{ ...get, namespace: '' }, false],
      [{ ...get, verb: 'list' }, false],
      [{ verb: 'create', resource: 'pods', subresource: 'exec', name: 'a' }, true],
      [{ verb: 'create', resource: 'pods', subresource: 'exec' }, false],
      [{ verb: 'delete', resource: 'deployments', group: 'apps' }, true],
      [{ verb: '*', resource: '*', group: '*' }, false],
    ] as const)
      expect(await may(asked), JSON.stringify(asked)).to.deep.equal({ allowed });
    const path = { spec: { nonResourceAttributes: { path: '/version', verb: 'get' } } };
    expect(await ask('selfsubjectaccessreviews', path)).to.deep.equal([201, { allowed: true }]);
  });

  it('is what they may do, and who they are', async () => {
    const rule = { verbs: ['get'], resources: ['pods'], namespace: 'default' };
    fake.setRules([rule]);
    const list = async (namespace: string): Promise<object> =>
      (await ask('selfsubjectrulesreviews', { spec: { namespace } }))[1];
    expect(await list('default')).to.have.deep.property('resourceRules', [
      { verbs: ['get'], apiGroups: [''], resources: ['pods'], resourceNames: [] },
    ]);
    expect(await list('other')).to.have.deep.property('resourceRules', []);
    fake.setRules(null);
    expect(await list('other')).to.have.deep.nested.property('resourceRules[0].verbs', ['*']);
    const [, who] = await ask('selfsubjectreviews', {}, 'authentication.k8s.io');
    expect(who).to.have.nested.property('userInfo.username', 'fake');
  });

  it('is not asked, nor anything else, as another user', async () => {
    for (const path of ['/version', '/api/v1/pods']) {
      const answer = await fetch(fake.url + path, { headers: { 'Impersonate-User': 'ann' } });
      expect([answer.status, await answer.json()]).to.have.nested.property(
        '[1].message',
        'users "ann" is forbidden: User "fake" cannot impersonate resource "users" in API group "" at the cluster scope',
      );
      expect(answer.status).to.equal(403);
    }
  });

  it('is refused where it is no question', async () => {
    expect((await ask('selfsubjectaccessreviews', { spec: 5 }))[0]).to.equal(400);
    expect((await ask('selfsubjectaccessreviews', [])).at(0)).to.equal(400);
    expect((await ask('subjectaccessreviews', {}))[0]).to.equal(404);
    const read = await fetch(`${fake.url}/apis/authorization.k8s.io/v1/selfsubjectaccessreviews`);
    expect(read.status).to.equal(404);
  });
});
