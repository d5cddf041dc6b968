import { expect } from 'chai';
import { matches, readPattern } from '../../../../lib/kubernetes/fake/custom/pattern.ts';

describe('patterns of schemas', () => {
  const test = (pattern: string, text: string): boolean | null =>
    matches(readPattern(pattern) as RegExp, text);

  it('say what they say to Kubernetes', () => {
    for (const [pattern, yes, no] of [
      ['^[a-z0-9]([-a-z0-9]*[a-z0-9])?$', 'a-b', '-a'],
      ['^\\d+\\-\\d+$', '1-2', '12'],
      ['^\\x{41}\\x42$', 'AB', 'x'],
      ['\\Aab\\z', 'ab', 'abc'],
      ['^\\s$', '\t', '\u00a0'],
      ['^[\\s\\d]$', '1', '\v'],
      ['^\\S$', '\v', ' '],
      ['^.$', '\u{1f600}', '\n'],
      ['^.$', '\u2028', 'ab'],
      ['^[]a]$', ']', 'b'],
      ['^[^]a]$', 'b', ']'],
      ['^[[:alpha:]_]$', '_', ':'],
      ['^[a[(?={.]$', '{', 'b'],
      ['^a{,2}$', 'a{,2}', 'aa'],
      ['^{x}]$', '{x}]', 'x'],
      ['^a{1,2}(?:b|c)$', 'aac', 'aaa'],
      ['^\\/\\.\\[$', '/.[', '/x['],
      ['^[\\^\\-\\]]$', '-', '_'],
    ] as const)
      expect([test(pattern, yes), test(pattern, no)], pattern).to.deep.equal([true, false]);
  });

  it('that this server cannot read are unknown', () => {
    for (const pattern of [
      '(?i)a',
      '(?P<n>a)',
      '\\p{L}',
      '\\Qa\\E',
      '[[:punct:]]',
      '[\\S]',
      '\\07',
      '[:a:]',
    ])
      expect(readPattern(pattern), pattern).to.equal('unknown');
  });

  it('that Kubernetes does not take are wrong', () => {
    for (const pattern of ['(', '[a', 'a)', '(?=a)', '(?!a)', '(?<=a)', '(a)\\1', 'a**', '[z-a]'])
      expect(readPattern(pattern), pattern).to.equal('wrong');
  });

  it('do not hold the server up', () => {
    expect(test('^(a+)+$', `${'a'.repeat(100)}!`)).to.equal(null);
    expect(test('^(a+)+$', 'a'.repeat(100))).to.equal(true);
  });
});
