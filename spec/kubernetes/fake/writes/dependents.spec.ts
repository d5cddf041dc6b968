import { expect } from 'chai';
import {
  createFakeApiServer,
  type FakeApiServer,
} from '../../../../lib/kubernetes/fake/api-server.ts';
import type { FakeObject } from '../../../../lib/kubernetes/fake/objects/object.ts';
import { settle, until } from '../../../support/session-pair.ts';

const MAPS = '/api/v1/namespaces/default/configmaps';

describe('objects that others own, at a fake API server', () => {
  let fake: FakeApiServer;

  beforeEach(async () => {
    fake = await createFakeApiServer({}).listen();
    put('owner');
  });

  afterEach(() => fake.close());

  const map = (name: string): FakeObject | null => fake.find('configmap', name);

  /** Puts a map there that these own. */
  function put(name: string, owners: readonly string[] = [], metadata: object = {}): void {
    fake.put({
      ...{ apiVersion: 'v1', kind: 'ConfigMap' },
      metadata: {
        ...{ name, ...metadata },
        ...(owners.length === 0 ? {} : { ownerReferences: owners.map(reference) }),
      },
    });
  }

  function reference(name: string): object {
    const uid = map(name)?.metadata.uid;
    return { apiVersion: 'v1', kind: 'ConfigMap', name, uid, blockOwnerDeletion: true };
  }

  async function ask(method: string, path: string, body?: object): Promise<[number, Answer]> {
    const answer = await fetch(fake.url + path, {
      method,
      headers: {
        'Content-Type': method === 'PATCH' ? 'application/merge-patch+json' : 'application/json',
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return [answer.status, (await answer.json()) as Answer];
  }

  const end = (name: string, propagationPolicy?: string): Promise<[number, Answer]> =>
    ask('DELETE', `${MAPS}/${name}`, { propagationPolicy });

  it('go behind their owner, and what they own behind them', async () => {
    put('child', ['owner']);
    put('grandchild', ['child']);
    put('other');
    expect((await end('owner', 'Background'))[1]).to.have.property('status', 'Success');
    await until(() => map('grandchild') === null);
    expect([map('child'), map('other')?.metadata.name]).to.deep.equal([null, 'other']);
  });

  it('go behind an owner that a test takes away', async () => {
    put('child', ['owner']);
    fake.remove('configmap', 'owner');
    await until(() => map('child') === null);
  });

  it('stay while somebody else owns them', async () => {
    put('second');
    put('child', ['owner', 'second']);
    await end('owner');
    await until(() => {
      const { ownerReferences } = (map('child') as FakeObject).metadata;
      return Array.isArray(ownerReferences) && ownerReferences.length === 1;
    });
    expect(map('child')).to.have.nested.property('metadata.ownerReferences[0].name', 'second');
    await end('second');
    await until(() => map('child') === null);
  });

  it('go before their owner where that is wanted', async () => {
    put('child', ['owner'], { finalizers: ['example.org/wait'] });
    const [, ending] = await end('owner', 'Foreground');
    expect(ending.metadata.finalizers).to.deep.equal(['foregroundDeletion']);
    await until(() => map('child')?.metadata.deletionTimestamp !== undefined);
    expect(map('owner')).to.have.nested.property('metadata.deletionTimestamp');
    await ask('PATCH', `${MAPS}/child`, { metadata: { finalizers: null } });
    await until(() => map('owner') === null);
    expect(map('child')).to.equal(null);
  });

  it('go before their owner as deep as they own', async () => {
    put('child', ['owner']);
    put('grandchild', ['child'], { finalizers: ['example.org/wait'] });
    await end('owner', 'Foreground');
    await until(() => map('grandchild')?.metadata.deletionTimestamp !== undefined);
    expect(map('child')).to.have.nested.property('metadata.finalizers[0]', 'foregroundDeletion');
    await ask('PATCH', `${MAPS}/grandchild`, { metadata: { finalizers: null } });
    await until(() => map('owner') === null);
    expect([map('child'), map('grandchild')]).to.deep.equal([null, null]);
  });

  it('are nobody’s where that is wanted', async () => {
    for (const [index, options] of [
      { propagationPolicy: 'Orphan' },
      { orphanDependents: true },
    ].entries()) {
      put('owner');
      put(`child-${index}`, ['owner']);
      await ask('DELETE', `${MAPS}/owner`, options);
      await until(() => map('owner') === null);
      expect(map(`child-${index}`)?.metadata).to.not.have.property('ownerReferences');
    }
  });

  it('are told by a query, too, and refused where they cannot be', async () => {
    put('child', ['owner']);
    const problem = async (query: string, body?: object): Promise<[number, string | undefined]> => {
      const [code, { message }] = await ask('DELETE', `${MAPS}/owner${query}`, body);
      return [code, message];
    };
    expect(await problem('?propagationPolicy=All')).to.deep.equal([
      422,
      'DeleteOptions.meta.k8s.io "" is invalid: propagationPolicy: Unsupported value: "All": supported values: ' +
        '"Foreground", "Background", "Orphan", "nil"',
    ]);
    const both = { orphanDependents: true, propagationPolicy: 'Orphan' };
    expect((await problem('', both))[0]).to.equal(422);
    await ask('DELETE', `${MAPS}/owner?propagationPolicy=Orphan`);
    await until(() => map('owner') === null);
    expect(map('child')).to.not.equal(null);
  });

  it('go when a client makes them and no owner is there; a test may', async () => {
    const body = (name: string, uid: string | undefined): object => ({
      metadata: {
        name,
        ownerReferences: [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'owner', uid }],
      },
    });
    await ask('POST', MAPS, body('lost', 'none'));
    await until(() => map('lost') === null);
    await ask('POST', MAPS, body('kept', map('owner')?.metadata.uid));
    const other = '/api/v1/namespaces/other/configmaps';
    fake.put({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'other' } });
    // An owner in another namespace is none.
    await ask('POST', other, body('far', map('owner')?.metadata.uid));
    await until(() => fake.find('configmap', 'far', 'other') === null);
    expect(map('kept')).to.not.equal(null);
    fake.put({ apiVersion: 'v1', kind: 'ConfigMap', ...body('own', 'none') } as FakeObject);
    await settle();
    expect(map('own')).to.not.equal(null);
  });

  it('go before their owner where it is theirs, too', async () => {
    put('child', ['owner']);
    put('owner', ['child']);
    await end('owner', 'Foreground');
    await until(() => map('owner') === null && map('child') === null);
  });

  it('stay with an owner that sets them free, while another one ends', async () => {
    put('second');
    put('child', ['owner', 'second'], { finalizers: ['example.org/wait'] });
    await Promise.all([end('owner', 'Foreground'), end('second', 'Orphan')]);
    await until(() => map('owner') === null && map('second') === null);
    expect(map('child')?.metadata).to.not.have.any.keys('deletionTimestamp', 'ownerReferences');
  });

  it('hold their owner up only as long as they say so', async () => {
    put('child', ['owner'], { finalizers: ['example.org/wait'] });
    await end('owner', 'Foreground');
    await until(() => map('child')?.metadata.deletionTimestamp !== undefined);
    const ownerReferences = [{ ...reference('owner'), blockOwnerDeletion: false }];
    await ask('PATCH', `${MAPS}/child`, { metadata: { ownerReferences } });
    await until(() => map('owner') === null);
    expect(map('child')).to.not.equal(null);
  });

  it('are looked at by the kind and name of their owner, not by its uid alone', async () => {
    const make = (name: string, more: object): Promise<[number, Answer]> =>
      ask('POST', MAPS, {
        metadata: { name, ownerReferences: [{ ...reference('owner'), ...more }] },
      });
    await make('kind', { kind: 'Secret' });
    await make('name', { name: 'another' });
    await until(() => map('kind') === null && map('name') === null);
  });

  it('stay where nobody can tell whether their owner is there', async () => {
    const roles = '/apis/rbac.authorization.k8s.io/v1/clusterroles';
    const make = (path: string, name: string, more: object): Promise<[number, Answer]> =>
      ask('POST', path, {
        ...(path === roles ? { rules: [] } : {}),
        metadata: { name, ownerReferences: [{ ...reference('owner'), ...more }] },
      });
    // A kind that is not served; an object in no namespace, whose owner would be in one.
    await make(MAPS, 'odd', { apiVersion: 'example.org/v1', kind: 'Odd' });
    await make(roles, 'role', { name: 'none' });
    // What is sure goes behind them.
    await make(MAPS, 'last', { name: 'none' });
    await until(() => map('last') === null);
    expect([map('odd'), fake.find('clusterrole', 'role')]).to.not.include(null);
  });

  it('are refused where what they say of owners cannot be', async () => {
    const first = { ...reference('owner'), controller: true };
    const second = { ...first, name: 'second', uid: 'another' };
    const problems = await Promise.all(
      [
        [{ ...first, apiVersion: '' }],
        [{ ...first, apiVersion: 'a/b/c' }],
        [{ ...first, uid: '' }],
        [{ ...first, kind: 'Event' }],
        [first, second],
      ].map(async (ownerReferences) => {
        const [code, { message }] = await ask('POST', MAPS, {
          metadata: { name: 'odd', ownerReferences },
        });
        return `${code} ${/metadata\.ownerReferences.*/.exec(message ?? '')?.[0]}`;
      }),
    );
    const start = '422 metadata.ownerReferences';
    expect(problems.slice(0, 3)).to.deep.equal([
      `${start}.apiVersion: Invalid value: "": version must not be empty`,
      `${start}.apiVersion: Invalid value: "a/b/c": version must not be empty`,
      `${start}.uid: Invalid value: "": must not be empty`,
    ]);
    expect(problems[3]).to.match(/: \/v1, Kind=Event is disallowed from being an owner$/);
    expect(problems[4]).to.match(
      / Found "true" in references for ConfigMap\/owner and ConfigMap\/second$/,
    );
  });

  it('are namespaces as well, which end with what is in them', async () => {
    fake.put({
      ...{ apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', rules: [] },
      metadata: { name: 'role' },
    });
    const { apiVersion, kind, metadata } = fake.find('clusterrole', 'role') as FakeObject;
    const owner = { apiVersion, kind, name: 'role', uid: metadata.uid };
    const space = { name: 'space', ownerReferences: [owner] };
    fake.put({ apiVersion: 'v1', kind: 'Namespace', metadata: space });
    put('inside', [], { namespace: 'space' });
    await ask('DELETE', '/apis/rbac.authorization.k8s.io/v1/clusterroles/role');
    await until(() => fake.find('namespace', 'space') === null);
    expect(fake.find('configmap', 'inside', 'space')).to.equal(null);
  });

  it('are pods as well, which end as pods do', async () => {
    fake.addPod('web');
    const owners = { metadata: { ownerReferences: [reference('owner')] } };
    await ask('PATCH', '/api/v1/namespaces/default/pods/web', owners);
    await end('owner', 'Foreground');
    await until(() => fake.find('pod', 'web') === null && map('owner') === null);
  });
});

interface Answer {
  readonly metadata: { readonly finalizers?: readonly string[] };
  readonly status?: unknown;
  readonly message?: string;
}
