import { expect } from 'chai';
import * as client from '../../lib/kubernetes/client-index.ts';
import * as kubernetes from '../../lib/kubernetes/index.ts';

describe('kubernetes/client-index', () => {
  it('gives the client side, and nothing that is not in the whole', () => {
    expect(client).to.include.keys('exec', 'run', 'portForward', 'copyToPod', 'loadKubeConfig');
    expect(kubernetes).to.include(client);
  });

  it('has no server in it', () => {
    expect(client).to.not.have.any.keys('createStreamingServer', 'createFakeApiServer');
  });
});
