import { PassThrough } from 'node:stream';
import { expect } from 'chai';
import { tlsOver } from '../../../lib/common/network/tls-over.ts';

describe('tlsOver()', () => {
  it('closes the connection when TLS cannot begin', () => {
    const socket = new PassThrough();
    expect(() => tlsOver(socket, { key: 'none', cert: 'none' })).to.throw();
    expect(socket.destroyed).to.equal(true);
  });
});
