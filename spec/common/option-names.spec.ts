import { expect } from 'chai';
import { shown } from '../../lib/common/check.ts';
import { checkOptions, nearestName, optionNames } from '../../lib/common/option-names.ts';
import { InvalidArgumentError } from '../../lib/errors.ts';

interface Sample {
  readonly host?: string;
  readonly timeoutMs?: number;
}

const NAMES = optionNames<Sample>({ host: true, timeoutMs: true });

describe('checkOptions()', () => {
  it('takes known names, and others without a value', () => {
    checkOptions('f()', { host: 'a', other: undefined }, NAMES);
    checkOptions('f()', {}, NAMES);
    checkOptions('f()', Object.assign(Object.create(null), { host: 'a' }), NAMES);
  });

  it('refuses any other name, and says which one may be meant', () => {
    const refuse = (options: unknown): unknown => {
      try {
        checkOptions('f()', options, NAMES);
      } catch (error) {
        expect(error).to.be.instanceOf(InvalidArgumentError);
        return (error as Error).message;
      }
      return null;
    };
    expect(refuse({ hsot: 1 })).to.equal("f(): there is no option 'hsot', did you mean host?");
    expect(refuse({ hosts: 1 })).to.equal("f(): there is no option 'hosts', did you mean host?");
    expect(refuse({ timeout: 1 })).to.equal(
      "f(): there is no option 'timeout', did you mean timeoutMs?",
    );
    expect(refuse({ colour: null })).to.equal("f(): there is no option 'colour'");
    expect(refuse(Object.create({ form: 1 }))).to.equal("f(): there is no option 'form'");
    expect(refuse({ 'a\nb': 1 })).to.equal("f(): there is no option 'a\\nb'");
    expect(refuse(null)).to.equal('options must be an object, got null');
    expect(refuse('host')).to.equal("options must be an object, got 'host' (string)");
  });

  it('asks about names that it does not know', () => {
    checkOptions('f()', { ca: 1 }, NAMES, (name) => name === 'ca');
    expect(() => checkOptions('f()', { cb: 1 }, NAMES, (name) => name === 'ca')).to.throw("'cb'");
  });
});

describe('nearestName()', () => {
  it('finds what differs in a third of its letters or in case alone', () => {
    const names = ['allowHttp1', 'idleTimeoutMs', 'container'];
    expect(nearestName('allowHTTP1', names)).to.equal('allowHttp1');
    expect(nearestName('contaner', names)).to.equal('container');
    expect(nearestName('idleTimeout', names)).to.equal('idleTimeoutMs');
    expect(nearestName('x', names)).to.equal(null);
    expect(nearestName('', names)).to.equal(null);
  });
});

describe('shown()', () => {
  const cases: readonly [unknown, string][] = [
    [5, '5'],
    ['5', "'5' (string)"],
    ["it's\n", "'it's\\n' (string)"],
    [5n, '5 (bigint)'],
    [null, 'null'],
    [undefined, 'undefined'],
    [true, 'true'],
    [Symbol('s'), 'Symbol(s)'],
    [() => {}, 'a function'],
    [[], 'an array'],
    [{}, 'an object'],
    [Object.create(null), 'an object'],
    [new URL('http://x'), 'an object (URL)'],
    ['x'.repeat(101), `'${'x'.repeat(100)}' (string)`],
  ];
  for (const [value, text] of cases) {
    it(text.slice(0, 30), () => {
      expect(shown(value)).to.equal(text);
    });
  }
});
