import { expect } from 'chai';
import { loadPackage, MissingPackageError } from '../../lib/common/packages.ts';

/** How loading the module of this name rejects, wanted as the package `name`. */
async function failureOf(name: string, module: string): Promise<Error & { code?: string }> {
  return loadPackage(name, 'a test', () => import(module)).then(
    () => expect.fail('it resolved'),
    (error: Error) => error,
  );
}

describe('loadPackage()', () => {
  it('gives what is installed', async () => {
    const { parse } = await loadPackage('yaml', 'a test', () => import('yaml'));
    expect(parse('a: 1')).to.deep.equal({ a: 1 });
  });

  it('imports it by its name where nothing else is said', async () => {
    const { parse } = await loadPackage<typeof import('yaml')>('yaml', 'a test');
    expect(parse('a: 1')).to.deep.equal({ a: 1 });
    const missing = await loadPackage('no-such-package-anywhere', 'a test').catch((error) => error);
    expect(missing).to.be.instanceOf(MissingPackageError);
  });

  it('says what to install, and what for', async () => {
    const error = await failureOf('no-such-package-anywhere', 'no-such-package-anywhere');
    expect(error).to.be.instanceOf(MissingPackageError);
    expect(error.code).to.equal('ERR_SPDY_MISSING_PACKAGE');
    expect(error.message).to.equal(
      'a test needs the package no-such-package-anywhere: npm install no-such-package-anywhere',
    );
    expect(error.cause).to.have.property('code', 'ERR_MODULE_NOT_FOUND');
  });

  for (const [who, message] of [
    ['require()', "Cannot find module 'ws'\nRequire stack:\n- /home/program.cjs"],
    ["Yarn's Plug'n'Play", "spdylay tried to access ws (a peer dependency) but it isn't provided"],
    ["Yarn's Plug'n'Play, undeclared", "spdylay tried to access ws, but it isn't declared in its"],
  ] as const) {
    it(`understands ${who}`, async () => {
      const cause = Object.assign(new Error(message), { code: 'MODULE_NOT_FOUND' });
      const load = (): Promise<never> => Promise.reject(cause);
      const wanted = await loadPackage('ws', 'a test', load).catch((error) => error);
      expect(wanted).to.be.instanceOf(MissingPackageError).with.property('cause', cause);
      const other = await loadPackage('w', 'a test', load).catch((error) => error);
      expect(other).to.equal(cause);
    });
  }

  it('hands on what a package that is there throws as it is loaded', async () => {
    const cause = new TypeError("'ws' is of no use here");
    const error = await loadPackage('ws', 'a test', () => Promise.reject(cause)).catch((e) => e);
    expect(error).to.equal(cause);
  });

  it('does not call a package missing that misses a part of its own', async () => {
    const error = await failureOf('yaml', 'no-such-package-anywhere');
    expect(error).to.not.be.instanceOf(MissingPackageError);
    expect(error.code).to.equal('ERR_MODULE_NOT_FOUND');
  });
});
