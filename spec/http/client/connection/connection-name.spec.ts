import tls from 'node:tls';
import { expect } from 'chai';
import { connectionName } from '../../../../lib/http/client/connection/connection-name.ts';

const same = (a: object, b: object): void => {
  expect(connectionName(a)).to.equal(connectionName(b));
};
const differ = (a: object, b: object): void => {
  expect(connectionName(a)).not.to.equal(connectionName(b));
};

describe('http/client/connection/connection-name', () => {
  it('is the same for what holds the same, in any order', () => {
    same({ ca: 'x', servername: 'a' }, { servername: 'a', ca: 'x' });
    same({ ca: [Buffer.from('x')] }, { ca: [Buffer.from('x')] });
    same(
      { pfx: [{ buf: Buffer.from('p'), passphrase: 's' }], crl: undefined },
      {
        pfx: [{ buf: Buffer.from('p'), passphrase: 's' }],
      },
    );
  });

  it('differs where values do', () => {
    differ({ rejectUnauthorized: false }, { rejectUnauthorized: 'false' });
    differ({ ca: 'x', cert: 'y' }, { ca: "x,cert='1:y" });
    differ({ ca: Buffer.from('x') }, { ca: Buffer.from('y') });
    differ({ ca: ['x', 'y'] }, { ca: ['xy'] });
    differ({ pfx: [{ buf: 'p', passphrase: 's' }] }, { pfx: [{ buf: 'p', passphrase: 't' }] });
    differ({ key: null }, { key: 'null' });
  });

  it('tells functions and objects of a class apart by which one they are', () => {
    const lax = (): undefined => undefined;
    const other = (): undefined => undefined;
    same({ checkServerIdentity: lax }, { checkServerIdentity: lax });
    differ({ checkServerIdentity: lax }, { checkServerIdentity: other });
    const context = tls.createSecureContext();
    same({ secureContext: context }, { secureContext: context });
    differ({ secureContext: context }, { secureContext: tls.createSecureContext() });
  });

  it('comes to an end with an object that holds itself', () => {
    const round: { self?: object } = {};
    round.self = round;
    same(round, round);
  });
});
