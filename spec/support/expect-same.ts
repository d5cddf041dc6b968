import { isDeepStrictEqual } from 'node:util';
import { expect } from 'chai';

/** Deep equality with chai's message, but fast when nothing differs. */
export function expectSame(actual: unknown, expected: unknown, label?: string): void {
  if (!isDeepStrictEqual(actual, expected)) expect(actual, label).to.deep.equal(expected);
}
