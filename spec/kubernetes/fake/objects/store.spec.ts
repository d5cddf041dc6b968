import { expect } from 'chai';
import type { FakeObject } from '../../../../lib/kubernetes/fake/objects/object.ts';
import { PODS } from '../../../../lib/kubernetes/fake/objects/resources.ts';
import { FakeStore } from '../../../../lib/kubernetes/fake/objects/store.ts';

describe('the store of a fake API server', () => {
  const pod = (name: string, more: object = {}): FakeObject => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default' },
    ...more,
  });

  it('gives each change a version, and each object a uid of its own', () => {
    const store = new FakeStore();
    const first = store.put(PODS, pod('a'));
    const second = store.put(PODS, pod('a', { spec: {} }));
    const { uid, resourceVersion, creationTimestamp } = first.metadata;
    expect(creationTimestamp).to.match(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    expect(second.metadata).to.include({ uid, creationTimestamp });
    expect(Number(second.metadata.resourceVersion)).to.equal(Number(resourceVersion) + 1);
    const gone = store.delete(PODS, 'default', 'a');
    expect(Number(gone?.metadata.resourceVersion)).to.equal(store.version);
    expect(store.delete(PODS, 'default', 'a')).to.equal(null);
    expect(store.put(PODS, pod('a')).metadata.uid).to.not.equal(uid);
  });

  it('keeps what it was given, whatever becomes of that', () => {
    const store = new FakeStore();
    const labels = { app: 'a' };
    store.put(PODS, { ...pod('a'), metadata: { name: 'a', namespace: 'default', labels } });
    labels.app = 'b';
    expect(store.get(PODS, 'default', 'a')?.metadata.labels).to.deep.equal({ app: 'a' });
  });

  it('lists by namespace and name', () => {
    const store = new FakeStore();
    for (const [namespace, name] of [
      ['b', 'x'],
      ['a', 'z'],
      ['a-1', 'x'],
      ['a', 'y'],
    ] as const)
      store.put(PODS, { ...pod(name), metadata: { name, namespace } });
    const names = (namespace: string | null): string[] =>
      store.list(PODS, namespace).map(({ metadata }) => `${metadata.namespace}/${metadata.name}`);
    expect(names(null)).to.deep.equal(['a/y', 'a/z', 'a-1/x', 'b/x']);
    expect(names('a')).to.deep.equal(['a/y', 'a/z']);
  });

  it('tells what has happened since a version, and that it does not know any more', () => {
    const store = new FakeStore();
    const begin = store.version;
    for (let i = 0; i < 999; i++) store.put(PODS, pod('a'));
    expect(store.changesSince(begin)).to.have.length(999);
    store.put(PODS, pod('a'));
    expect(store.changesSince(begin)).to.equal(null);
    expect(store.changesSince(store.version - 1)).to.have.length(1);
    store.forget();
    expect(store.changesSince(store.version - 1)).to.equal(null);
    expect(store.changesSince(store.version)).to.deep.equal([]);
  });

  it('remembers fewer changes of large objects', () => {
    const store = new FakeStore();
    const begin = store.version;
    const spec = { text: 'x'.repeat(2 ** 20) };
    for (let i = 0; i < 63; i++) store.put(PODS, pod('a', { spec }));
    expect(store.changesSince(begin)).to.have.length(63);
    store.put(PODS, pod('a', { spec }));
    expect(store.changesSince(begin)).to.equal(null);
    expect(store.changesSince(store.version - 31)).to.have.length(31);
    expect(store.changesSince(store.version - 32)).to.equal(null);
  });

  it('tells listeners what was there before', () => {
    const store = new FakeStore();
    const told: unknown[] = [];
    const begin = store.version;
    const stop = store.listen(({ type, previous, object, version }) =>
      told.push([type, previous?.metadata.name ?? null, object.metadata.name, version - begin]),
    );
    store.put(PODS, pod('a'));
    store.put(PODS, pod('a'));
    store.delete(PODS, 'default', 'a');
    stop();
    store.put(PODS, pod('a'));
    expect(told).to.deep.equal([
      ['ADDED', null, 'a', 1],
      ['MODIFIED', 'a', 'a', 2],
      ['DELETED', 'a', 'a', 3],
    ]);
  });
});
