import { expect } from 'chai';
import {
  createFakeApiServer,
  type FakeApiServer,
} from '../../../../lib/kubernetes/fake/api-server.ts';

describe('what a fake API server is asked about users', () => {
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

  it('is what others may do, as the rules for them say', async () => {
    const resourceAttributes = { verb: 'get', resource: 'pods', namespace: 'default' };
    const may = async (spec: object): Promise<unknown> =>
      (await ask('subjectaccessreviews', { spec: { ...spec, resourceAttributes } }))[1];
    expect(await may({ user: 'fake' })).to.deep.equal({ allowed: true });
    expect(await may({ user: 'ann' })).to.deep.equal({
      message: 'this server has no rules by which to tell what "ann" may do',
    });
    const get = { verbs: ['get'], resources: ['pods'] };
    const ask1 = {
      verbs: ['create'],
      resources: ['subjectaccessreviews'],
      apiGroups: ['authorization.k8s.io'],
    };
    fake.setRules([
      { ...get, users: ['ann'] },
      { ...get, groups: ['testers'], namespace: 'default' },
      { ...ask1, users: ['fake'] },
    ]);
    for (const [user, allowed] of [
      [{ user: 'ann' }, true],
      [{ user: 'bob' }, false],
      [{ user: 'fake' }, false],
      [{ user: 'bob', groups: ['testers'] }, true],
      [{ groups: ['others'] }, false],
    ] as const)
      expect(await may(user), JSON.stringify(user)).to.deep.equal({ allowed });
    fake.setRules([get]);
    expect(await may({ user: 'ann' })).to.deep.equal({
      message:
        'subjectaccessreviews.authorization.k8s.io is forbidden: User "fake" cannot create resource "subjectaccessreviews" ' +
        'in API group "authorization.k8s.io" at the cluster scope',
    });
  });

  it('is asked as another user where a rule says so', async () => {
    fake.setRules([
      { verbs: ['impersonate'], resources: ['users'], resourceNames: ['ann'], users: ['fake'] },
      { verbs: ['impersonate'], resources: ['groups'], users: ['fake'] },
      { verbs: ['impersonate'], resources: ['serviceaccounts'], namespace: 'default' },
      { verbs: ['get', 'list'], resources: ['pods'], groups: ['system:serviceaccounts:default'] },
      { verbs: ['list'], resources: ['pods'], users: ['ann'] },
      { verbs: ['list'], resources: ['services'], groups: ['testers'] },
    ]);
    const list = async (plural: string, headers: Record<string, string>): Promise<number> =>
      (await fetch(`${fake.url}/api/v1/namespaces/default/${plural}`, { headers })).status;
    const ann = { 'Impersonate-User': 'ann' };
    expect([await list('pods', {}), await list('pods', ann)]).to.deep.equal([403, 200]);
    const bot = (namespace: string): Record<string, string> => ({
      'Impersonate-User': `system:serviceaccount:${namespace}:bot`,
    });
    expect([await list('pods', bot('default')), await list('pods', bot('other'))]).to.deep.equal([
      ...[200, 403],
    ]);
    const tester = { ...ann, 'Impersonate-Group': 'testers' };
    expect([await list('services', ann), await list('services', tester)]).to.deep.equal([403, 200]);
    for (const headers of [{ 'Impersonate-Group': 'testers' }, { ...ann, 'Impersonate-Uid': '1' }])
      expect(await list('pods', headers)).to.equal(400);
    expect(await list('pods', { 'Impersonate-User': 'bob' })).to.equal(403);
  });

  it('is not asked, nor anything else, as another user without rules', async () => {
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
    expect((await ask('localsubjectaccessreviews', {}))[0]).to.equal(404);
    const both = { resourceAttributes: {}, nonResourceAttributes: {} };
    for (const spec of [{}, both])
      expect((await ask('selfsubjectaccessreviews', { spec }))[0]).to.equal(422);
    const nobody = { spec: { resourceAttributes: {} } };
    expect((await ask('subjectaccessreviews', nobody))[0]).to.equal(422);
    // Neither a question about no namespace, nor one about no token.
    expect((await ask('selfsubjectrulesreviews', { spec: {} }))[0]).to.equal(400);
    const about = await ask('tokenreviews', { spec: {} }, 'authentication.k8s.io');
    expect(about[0]).to.equal(400);
    const read = await fetch(`${fake.url}/apis/authorization.k8s.io/v1/selfsubjectaccessreviews`);
    expect(read.status).to.equal(404);
  });
});
