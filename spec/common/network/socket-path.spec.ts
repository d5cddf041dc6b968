import { expect } from 'chai';
import { checkSocketPath, MAX_SOCKET_PATH_BYTES } from '../../../lib/common/network/socket-path.ts';
import { InvalidArgumentError } from '../../../lib/errors.ts';
import { request } from '../../../lib/index.ts';
import { createProxy } from '../../../lib/tools/index.ts';

describe('common/network/socket-path', () => {
  const long = `/${'x'.repeat(MAX_SOCKET_PATH_BYTES)}`;

  before(function () {
    if (process.platform === 'win32') this.skip();
  });

  it('refuses a path that Node would cut', () => {
    checkSocketPath('path', long.slice(1));
    for (const path of [long, `/${'\u00fc'.repeat(54)}`]) {
      expect(() => checkSocketPath('path', path)).to.throw(InvalidArgumentError, /at most 107/);
    }
  });

  it('is asked by requests and by fronts of a proxy', async () => {
    expect(() => request({ socketPath: long })).to.throw(InvalidArgumentError, /at most 107/);
    const proxy = createProxy({ backs: ['http://127.0.0.1:1'] });
    const error = await proxy.listen({ path: long, tls: false }).catch((it: unknown) => it);
    expect(error).to.be.an.instanceOf(InvalidArgumentError);
    proxy.destroy();
  });
});
