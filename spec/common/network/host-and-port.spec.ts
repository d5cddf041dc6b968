import { expect } from 'chai';
import { hostAndPort } from '../../../lib/common/network/host-and-port.ts';

describe('hostAndPort()', () => {
  it('puts addresses of IPv6 in brackets', () => {
    expect(hostAndPort('::1', 80)).to.equal('[::1]:80');
    expect(hostAndPort('127.0.0.1', 80)).to.equal('127.0.0.1:80');
    expect(hostAndPort('a.example', '443')).to.equal('a.example:443');
  });
});
