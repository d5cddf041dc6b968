import { expect } from 'chai';
import { InvalidArgumentError } from '../../../lib/errors.ts';
import { resolveBack } from '../../../lib/tools/proxy/back/options.ts';
import { type ProxyOptions, resolveProxyOptions } from '../../../lib/tools/proxy/options.ts';

const BACKS = ['http://a'];

describe('tools/proxy/options', () => {
  it('has defaults', () => {
    expect(resolveProxyOptions({ backs: BACKS })).to.deep.include({
      forward: false,
      headers: {
        name: 'spdyproxy',
        via: true,
        xForwarded: 'replace',
        forwarded: 'drop',
        host: 'keep',
        maxPasses: 8,
      },
      sticky: null,
      timeouts: { responseMs: 60_000, idleMs: 120_000, tunnelIdleMs: 3_600_000 },
      maxTries: 3,
      replayBytes: 65536,
    });
  });

  for (const [title, options, message] of [
    ['no back', { backs: [] }, /at least one/],
    ['backs that are no list', { backs: 'http://a' }, /at least one/],
    ['a back with a path', { backs: ['http://a/app'] }, /a host and a port alone, got 'http:/],
    ['an option that does not exist', { backs: BACKS, stick: 'x' }, /did you mean sticky/],
    ['a sticky field that is none', { backs: BACKS, sticky: 'a b' }, /name of a field/],
    ['a time that is none', { backs: BACKS, idleTimeoutMs: -1 }, /idleTimeoutMs/],
    ['too many tries', { backs: BACKS, maxTries: 17 }, /maxTries/],
    ['a rule that is none', { backs: BACKS, headers: { xForwarded: 'add' } }, /append, replace/],
    ['a host rule that is none', { backs: BACKS, headers: { host: 'drop' } }, /keep or rewrite/],
    ['a name that is none', { backs: BACKS, headers: { name: 'a b' } }, /token/],
    ['a health path that is none', { backs: BACKS, health: { path: 'x' } }, /slash/],
    ['a health option that does not exist', { backs: BACKS, health: { pth: '/' } }, /mean path/],
    ['a flag that is none', { backs: BACKS, forward: 1 }, /true or false/],
  ] as const) {
    it(`refuses ${title}`, () => {
      expect(() => resolveProxyOptions(options as unknown as ProxyOptions)).to.throw(
        InvalidArgumentError,
        message,
      );
    });
  }

  it('reads backs', () => {
    expect(resolveBack('https://[::1]:8443/')).to.deep.include({
      name: 'http/1.1+https://[::1]:8443',
      protocol: 'http/1.1',
      secure: true,
      hostname: '::1',
      port: 8443,
      authority: '[::1]:8443',
    });
    expect(resolveBack('spdy/3.1+http://device')).to.include({ protocol: 'spdy/3.1', port: 80 });
    expect(resolveBack({ url: 'http://a', socketPath: '/run/a' }).name).to.equal(
      'http/1.1+http://a at /run/a',
    );
    for (const back of ['a', 'ftp://a', 'h3+http://a', { url: 'http://a', weight: 1001 }]) {
      expect(() => resolveBack(back), String(back)).to.throw(InvalidArgumentError);
    }
    expect(() => resolveBack({ url: 'http://a', waight: 1 } as never)).to.throw(/mean weight/);
  });
});
