import { expect } from 'chai';

/** A value is what is expected: objects and lists have at least those members, texts may be given as patterns. */
export function expectLike(value, expected, name = 'result') {
  if (expected instanceof RegExp) {
    expect(String(value), name).to.match(expected);
  } else if (typeof expected === 'object' && expected !== null) {
    for (const [key, member] of Object.entries(expected)) {
      expectLike(value[key], member, `${name}.${key}`);
    }
  } else {
    expect(value, name).to.equal(expected);
  }
}
