import { expect } from 'chai';
import {
  CONFIG_SCHEMA,
  FRONT_SCHEMA,
  type RecordSchema,
} from '../../../lib/cli/spdyproxy/schema.ts';
import { InvalidArgumentError } from '../../../lib/errors.ts';
import { resolveServerOptions } from '../../../lib/http/server/options.ts';
import { resolveBack } from '../../../lib/tools/proxy/back/options.ts';
import { resolveProxyOptions } from '../../../lib/tools/proxy/options.ts';

/** Names of a front that are those of listen(), which checks them itself, or of the program. */
const ELSEWHERE = ['port', 'backlog', 'inherited', 'maxConcurrentStreams', 'maxConnections'];

type Resolve = (given: object) => unknown;

function part({ properties }: RecordSchema, name: string): RecordSchema {
  return properties[name] as RecordSchema;
}

const backs = part(CONFIG_SCHEMA, 'backs') as unknown as {
  items: { anyOf: [object, RecordSchema] };
};

describe('cli/spdyproxy/schema', () => {
  for (const [what, schema, resolve, apart] of [
    [
      'proxy',
      CONFIG_SCHEMA,
      (own) => resolveProxyOptions({ backs: ['http://a'], ...own }),
      ['workers'],
    ],
    [
      'health',
      part(CONFIG_SCHEMA, 'health'),
      (own) => resolveProxyOptions({ backs: ['http://a'], health: { path: '/', ...own } }),
      [],
    ],
    ['back', backs.items.anyOf[1], (own) => resolveBack({ url: 'http://a', ...own }), []],
    ['front', FRONT_SCHEMA, (own) => resolveServerOptions(own), ELSEWHERE],
  ] as readonly (readonly [string, RecordSchema, Resolve, readonly string[]])[]) {
    it(`has the ranges of the options themselves (${what})`, () => {
      let numbers = 0;
      for (const [name, value] of Object.entries(schema.properties)) {
        const { type, minimum, maximum } = value as {
          type?: string;
          minimum: number;
          maximum: number;
        };
        if (type !== 'integer' || apart.includes(name)) continue;
        numbers++;
        for (const inside of [minimum, maximum]) {
          expect(() => resolve({ [name]: inside }), `${name} ${inside}`).not.to.throw();
        }
        for (const outside of [minimum - 1, maximum + 1]) {
          expect(() => resolve({ [name]: outside }), `${name} ${outside}`).to.throw(
            InvalidArgumentError,
          );
        }
      }
      expect(numbers).to.be.above(3);
    });
  }
});
