import { expect } from 'chai';
import { UsageError } from '../../../../lib/cli/arguments.ts';
import { Netrc } from '../../../../lib/cli/spdycat/options/netrc.ts';
import { makeFolder, removeFolder } from '../../support/programs.ts';

describe('netrc', () => {
  it('has the names and passwords of machines', () => {
    const netrc = new Netrc(`# comment with machine words
machine a.example login ann password one
machine b.example
  login "b o b"   # he
  password "t\\"wo"
  account ignored
macdef init
  machine c.example login mac password ro

machine c.example login carl password three
default login any password body
machine d.example login never password seen`);
    const users = ['a', 'b', 'c', 'd'].map((name) => netrc.userOf(`${name}.example`));
    expect(users).to.deep.equal(['ann:one', 'b o b:t"wo', 'carl:three', 'any:body']);
  });

  it('without a default has none for others', () => {
    expect(new Netrc('machine a login b password c').userOf('x')).to.equal(null);
    expect(new Netrc('login b password c machine').userOf('x')).to.equal(null);
  });

  it('is that of the user, if there is one', () => {
    const folder = makeFolder({ netrc: 'machine a login b password c' });
    try {
      expect(Netrc.ofHome({ NETRC: `${folder}/netrc` }).userOf('a')).to.equal('b:c');
      expect(Netrc.ofHome({ NETRC: `${folder}/none` }).userOf('a')).to.equal(null);
      expect(Netrc.read(`${folder}/netrc`).userOf('a')).to.equal('b:c');
      expect(() => Netrc.read(`${folder}/none`)).to.throw(UsageError, /^--netrc-file: ENOENT/);
    } finally {
      removeFolder(folder);
    }
  });
});
