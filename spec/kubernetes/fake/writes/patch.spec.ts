import { expect } from 'chai';
import type { Fields } from '../../../../lib/kubernetes/fake/objects/object.ts';
import { applyPatch } from '../../../../lib/kubernetes/fake/writes/patch.ts';

const JSON_PATCH = 'application/json-patch+json';
const MERGE = 'application/merge-patch+json';
const STRATEGIC = 'application/strategic-merge-patch+json';

describe('patches of a fake API server', () => {
  /** What a patch makes of an object, or the code of its refusal. */
  function patch(type: string, target: Fields, change: unknown): unknown {
    const before = structuredClone(target);
    const patched = applyPatch(type, target, change);
    expect(target, 'what is patched').to.deep.equal(before);
    return 'problem' in patched ? patched.code : patched.value;
  }

  it('are JSON merge patches', () => {
    for (const [target, change, result] of [
      [
        { a: 1, b: 2 },
        { a: null, c: 3 },
        { b: 2, c: 3 },
      ],
      [{ a: { b: [1] } }, { a: { b: [2], c: null } }, { a: { b: [2] } }],
      [{ a: 1 }, { a: { b: { c: null } } }, { a: { b: {} } }],
      [{}, [], 400],
    ] as const)
      expect(patch(MERGE, target, change)).to.deep.equal(result);
  });

  it('are JSON patches', () => {
    const target = { a: { 'x/y': 1 }, list: [1, 2] };
    for (const [operations, result] of [
      [[{ op: 'add', path: '/b', value: 1 }], { ...target, b: 1 }],
      [[{ op: 'add', path: '/list/1', value: 9 }], { ...target, list: [1, 9, 2] }],
      [[{ op: 'add', path: '/list/-', value: 9 }], { ...target, list: [1, 2, 9] }],
      [[{ op: 'remove', path: '/a/x~1y' }], { ...target, a: {} }],
      [[{ op: 'remove', path: '/list/0' }], { ...target, list: [2] }],
      [[{ op: 'replace', path: '/list', value: 3 }], { ...target, list: 3 }],
      [[{ op: 'move', from: '/list', path: '/a/l' }], { a: { 'x/y': 1, l: [1, 2] } }],
      [[{ op: 'copy', from: '/a', path: '/b' }], { ...target, b: { 'x/y': 1 } }],
      [[{ op: 'test', path: '/list/1', value: 2 }], target],
      [[{ op: 'replace', path: '', value: { c: 1 } }], { c: 1 }],
      [[{ op: 'test', path: '/list', value: 2 }], 422],
      [[{ op: 'remove', path: '/none' }], 422],
      [[{ op: 'replace', path: '/none', value: 1 }], 422],
      [[{ op: 'add', path: '/list/7', value: 1 }], 422],
      [[{ op: 'add', path: '/none/b', value: 1 }], 422],
      [[{ op: 'move', from: '/none', path: '/b' }], 422],
      [[{ op: 'add', path: 'b', value: 1 }], 422],
      [[{ op: 'jump', path: '/b' }], 422],
      [{ op: 'remove', path: '/a' }, 400],
    ] as const)
      expect(patch(JSON_PATCH, target, operations), JSON.stringify(operations)).to.deep.equal(
        result,
      );
  });

  it('are refused where their copies come to more than three mebibytes', () => {
    const copies = Array.from({ length: 40 }, (_, at) => ({
      op: 'copy',
      from: '/a',
      path: `/a/${at}`,
    }));
    expect(patch(JSON_PATCH, { a: { b: 'c' } }, copies)).to.equal(422);
    expect(patch(JSON_PATCH, { a: { b: 'c' } }, copies.slice(0, 15))).to.have.property('a');
  });

  it('are strategic merge patches, with lists that merge by a key', () => {
    const container = (name: string, image: string): Fields => ({ name, image });
    const target = {
      metadata: { labels: { a: '1', b: '2' }, finalizers: ['x'] },
      spec: { containers: [container('a', 'one'), container('b', 'two')], args: [1, 2] },
    };
    const spec = (change: Fields): unknown => {
      const patched = patch(STRATEGIC, target, { spec: change });
      return typeof patched === 'number' ? patched : (patched as { spec: unknown }).spec;
    };
    const { containers, args } = target.spec;
    expect(spec({ containers: [{ name: 'b', image: 'new' }] })).to.deep.equal({
      args,
      containers: [containers[0], container('b', 'new')],
    });
    expect(spec({ containers: [{ name: 'a', $patch: 'delete' }] })).to.deep.equal({
      args,
      containers: [containers[1]],
    });
    // All of that name, and before anything of that name is put there.
    const ports = [
      { containerPort: 1, protocol: 'TCP' },
      { containerPort: 1, protocol: 'UDP' },
    ];
    const change = { ports: [{ containerPort: 1 }, { containerPort: 1, $patch: 'delete' }] };
    expect(patch(STRATEGIC, { ports }, change)).to.deep.equal({ ports: [{ containerPort: 1 }] });
    expect(spec({ containers: [{ $patch: 'replace' }, container('c', 'x')] })).to.deep.equal({
      args,
      containers: [container('c', 'x')],
    });
    expect(
      spec({
        containers: [container('c', 'x')],
        '$setElementOrder/containers': [{ name: 'c' }, { name: 'b' }],
      }),
    ).to.deep.equal({ args, containers: [container('c', 'x'), containers[1], containers[0]] });
    expect(spec({ args: [3] })).to.deep.equal({ containers, args: [3] });
    expect(spec({ '$deleteFromPrimitiveList/args': [1] })).to.deep.equal({ containers, args: [2] });
    expect(spec({ $retainKeys: ['args', 'x'], x: 1 })).to.deep.equal({ args, x: 1 });
    expect(spec({ $patch: 'replace', x: 1 })).to.deep.equal({ x: 1 });
    expect(spec({ args: null, containers: [] })).to.deep.equal({ containers });
    const metadata = patch(STRATEGIC, target, {
      metadata: { labels: { a: null }, finalizers: ['y'] },
    });
    expect(metadata).to.deep.include({ metadata: { labels: { b: '2' }, finalizers: ['x', 'y'] } });
  });

  it('are refused where they cannot be understood', () => {
    for (const change of [
      { spec: { $patch: 'twist' } },
      { spec: { $other: [] } },
      { spec: { $retainKeys: 'a' } },
      { spec: { containers: [{ image: 'no name' }, { name: 'x' }] } },
      'text',
    ])
      expect(patch(STRATEGIC, { spec: {} }, change), JSON.stringify(change)).to.equal(400);
    for (const type of ['application/apply-patch+yaml', 'application/json', 'constructor'])
      expect(patch(type, {}, {})).to.equal(415);
  });
});
