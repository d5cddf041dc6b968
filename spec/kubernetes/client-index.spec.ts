import { expect } from 'chai';
import * as client from '../../lib/kubernetes/client-index.ts';
import * as kubernetes from '../../lib/kubernetes/index.ts';
import { readSources } from '../support/sources.ts';

describe('kubernetes/client-index', () => {
  it('gives the client side, and nothing that is not in the whole', () => {
    expect(client).to.include.keys('exec', 'run', 'portForward', 'copyToPod', 'loadKubeConfig');
    expect(kubernetes).to.include(client);
  });

  it('has no server in it', () => {
    expect(client).to.not.have.any.keys('createStreamingServer', 'createFakeApiServer');
  });

  it('loads TLS, crypto and child processes of Node no sooner than they are needed', () => {
    const sources = new Map(readSources().map((source) => [source.path, source]));
    const needed = new Set(['kubernetes/client-index.ts']);
    for (const path of needed)
      for (const target of sources.get(path)?.targets ?? []) needed.add(target);
    expect([...needed]).to.include.members(['kubernetes/client/upgrade.ts', 'session/session.ts']);
    const early = /^import (?!type\b)[^;]*? from 'node:(?:tls|https|crypto|child_process)'/m;
    const found = [...needed].filter((path) => early.test(sources.get(path)?.text ?? ''));
    expect(found).to.deep.equal([]);
  });
});
