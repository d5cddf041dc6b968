import { expect } from 'chai';
import { readJsonPath, valuesAt } from '../../../../lib/kubernetes/fake/custom/json-path.ts';

describe('JSON paths of columns', () => {
  const object = {
    spec: { replicas: 2, 'a.b': 'dotted' },
    list: [
      { type: 'Ready', status: 'True' },
      { type: 'Other', status: 'False' },
    ],
  };

  it('lead to values', () => {
    for (const [path, values] of [
      ['.spec.replicas', [2]],
      ['.spec.a\\.b', ['dotted']],
      [".spec['a.b']", ['dotted']],
      ['.list[1].status', ['False']],
      ['.list[*].type', ['Ready', 'Other']],
      ['.list[?(@.type=="Ready")].status', ['True']],
      [".list[?(@.type == 'None')].status", []],
      ['.none.at.all', []],
      ['.spec[0]', []],
    ] as const)
      expect(valuesAt(object, readJsonPath(path) ?? []), path).to.deep.equal(values);
  });

  it('that this server cannot follow are none', () => {
    for (const path of [
      '',
      'spec',
      '..replicas',
      '.a[?(@.b>1)]',
      '.a[1:2]',
      '{.a}',
      '.a[',
      '$.a',
      '.a.*',
      '.a b',
    ])
      expect(readJsonPath(path), path).to.equal(null);
  });
});
