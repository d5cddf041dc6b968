import { expect } from 'chai';
import {
  getNpnProtocols,
  npnGetVersion,
  selectNextProtocol,
} from '../../../lib/session/transport/negotiate.ts';

/** The wire form of a protocol list. */
function wire(...names: string[]): Buffer {
  return Buffer.concat(names.map((name) => Buffer.from(String.fromCharCode(name.length) + name)));
}

describe('session/transport/negotiate', () => {
  it('lists the protocols best first (R245)', () => {
    expect(getNpnProtocols()).to.deep.equal(['spdy/3.1', 'spdy/3', 'spdy/2']);
    getNpnProtocols().pop();
    expect(getNpnProtocols()).to.have.length(3);
  });

  it('knows versions by their exact names (R246)', () => {
    const names = ['spdy/2', 'spdy/3', 'spdy/3.1'];
    expect(names.map(npnGetVersion)).to.deep.equal([2, 3, 4]);
    const others = ['', 'SPDY/3', 'spdy/3.1 ', 'spdy/4', 'http/1.1', 'h2', false, null, undefined];
    for (const other of others) expect(npnGetVersion(other as string), String(other)).to.equal(0);
  });

  const cases: [names: string[], expected: ReturnType<typeof selectNextProtocol>][] = [
    [['http/1.1', 'spdy/2', 'spdy/3.1', 'spdy/3'], { version: 4, protocol: 'spdy/3.1' }],
    [['spdy/2', 'http/1.1', 'spdy/3'], { version: 3, protocol: 'spdy/3' }],
    [['http/1.1', 'spdy/2'], { version: 2, protocol: 'spdy/2' }],
    [['h2', 'http/1.1', 'spdy/1'], { version: 0, protocol: 'http/1.1' }],
    [['h2', 'spdy/4'], null],
    [[], null],
  ];
  for (const [names, expected] of cases) {
    it(`selects ${expected?.protocol ?? 'nothing'} from ${names.join(', ') || 'nothing'} (R247, R248)`, () => {
      expect(selectNextProtocol(names)).to.deep.equal(expected);
      expect(selectNextProtocol(wire(...names))).to.deep.equal(expected);
    });
  }

  it('never matches a name that runs past the end of a wire list', () => {
    const list = wire('spdy/2', 'spdy/3.1');
    expect(selectNextProtocol(list.subarray(0, -1))).to.deep.equal({
      version: 2,
      protocol: 'spdy/2',
    });
    expect(selectNextProtocol(Buffer.from('\x09spdy/3.1'))).to.equal(null);
    expect(selectNextProtocol(Buffer.from('\x00\x00\x06spdy/3'))).to.have.property('version', 3);
    expect(selectNextProtocol(new Uint8Array([255]))).to.equal(null);
    expect(selectNextProtocol(Buffer.from('\x07spdy/3'))).to.equal(null);
  });
});
