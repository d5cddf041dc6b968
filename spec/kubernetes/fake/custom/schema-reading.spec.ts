import { expect } from 'chai';
import { readBySchema } from '../../../../lib/kubernetes/fake/custom/schema-reading.ts';
import type { Fields } from '../../../../lib/kubernetes/fake/objects/object.ts';

describe('values and schemas of custom resources', () => {
  function problems(schema: Fields, a: unknown): readonly string[] {
    const whole = { type: 'object', properties: { a: schema } };
    return readBySchema(whole, { apiVersion: 'v', kind: 'k', metadata: {}, a }).problems;
  }

  it('are told apart as Kubernetes does', () => {
    const text = { type: 'string' };
    for (const [schema, good, bad] of [
      [text, 'x', [1, null, {}, []]],
      [{ type: 'integer' }, 1, [1.5, '1']],
      [{ type: 'number' }, 1, ['1']],
      [{ type: 'boolean' }, false, [0]],
      [{ type: 'array', items: text }, ['x'], ['x', [1]]],
      [{ ...text, nullable: true }, null, [1]],
      [{ ...text, minLength: 2, maxLength: 3 }, '😀😀', ['😀', 'abcd']],
      [{ ...text, pattern: 'b' }, 'abc', ['ac']],
      [{ ...text, format: 'date-time' }, '2026-01-01T00:00:00Z', ['2026-01-01', 'now']],
      [{ ...text, format: 'byte' }, 'YQ==', ['YQ=']],
      [{ ...text, format: 'cidr' }, '10.0.0.0/8', ['10.0.0.0', '10.0.0.0/33', 'a/1']],
      [{ ...text, format: 'unheard' }, 'x', []],
      [{ type: 'integer', format: 'int32' }, 2 ** 31 - 1, [2 ** 32]],
      [{ type: 'integer', minimum: 1, exclusiveMinimum: true }, 2, [1, 0]],
      [{ type: 'integer', maximum: 1, exclusiveMaximum: true }, 0, [1, 2]],
      [{ type: 'integer', multipleOf: 5 }, 10, [11]],
      [{ type: 'array', items: text, minItems: 1, maxItems: 2 }, ['a'], [[], ['a', 'b', 'c']]],
      [{ type: 'array', items: text, 'x-kubernetes-list-type': 'set' }, ['a'], [['a', 'a']]],
      [
        { type: 'object', minProperties: 1, maxProperties: 1, additionalProperties: text },
        { a: '' },
        [{}, { a: '', b: '' }],
      ],
      [{ ...text, enum: ['a', 'b'] }, 'a', ['c']],
      [{ 'x-kubernetes-int-or-string': true, anyOf: [{ type: 'integer' }, text] }, 1, [1.5, true]],
      [{ ...text, allOf: [{ minLength: 2 }, { pattern: 'a' }] }, 'ab', ['a', 'bb']],
      [{ ...text, oneOf: [{ enum: ['a', 'b'] }, { enum: ['b'] }] }, 'a', ['b', 'c']],
      [{ ...text, not: { enum: ['a'] } }, 'b', ['a']],
    ] as const) {
      expect(problems(schema, good), JSON.stringify([schema, good])).to.deep.equal([]);
      for (const one of bad)
        expect(problems(schema, one), JSON.stringify([schema, one])).to.have.length(1);
    }
  });

  it('give what is not there, at any depth, and take away what nobody knows', () => {
    const schema = {
      type: 'object',
      properties: {
        spec: {
          type: 'object',
          default: {},
          properties: {
            size: { type: 'integer', default: 3 },
            list: {
              type: 'array',
              items: { type: 'object', properties: { on: { type: 'boolean', default: true } } },
            },
          },
        },
      },
    };
    const read = (spec?: Fields): Fields => {
      const { value, unknown, problems } = readBySchema(schema, spec === undefined ? {} : { spec });
      return { value, unknown, problems };
    };
    expect(read()).to.deep.equal({ value: { spec: { size: 3 } }, unknown: [], problems: [] });
    expect(read({ size: null, list: [{}, { on: false, x: 1 }] })).to.deep.equal({
      value: { spec: { list: [{ on: true }, { on: false }], size: 3 } },
      unknown: ['spec.list[1].x'],
      problems: [],
    });
  });
});
