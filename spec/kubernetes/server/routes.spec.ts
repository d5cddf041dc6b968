import { expect } from 'chai';
import { UpgradeRefusedError } from '../../../lib/kubernetes/errors.ts';
import { parseRoute } from '../../../lib/kubernetes/server/routes.ts';

const NAMES = { namespace: 'ns', pod: 'p1', uid: null };
const FLAGS = { stdin: false, stdout: false, stderr: false, tty: false };

function refusalOf(url: string): UpgradeRefusedError {
  try {
    parseRoute(url);
  } catch (exception) {
    expect(exception).to.be.instanceOf(UpgradeRefusedError);
    return exception as UpgradeRefusedError;
  }
  throw new Error(`${url} is taken`);
}

describe('Kubernetes routes', () => {
  it('of an API server: one command parameter for each argument', () => {
    const query =
      'command=sh&command=-c&command=echo+a%26b&container=c1&stdin=true&stdout=true&tty=true';
    expect(parseRoute(`/api/v1/namespaces/ns/pods/p1/exec?${query}`)).to.deep.equal({
      api: 'server',
      asked: {
        kind: 'exec',
        ...NAMES,
        container: 'c1',
        command: ['sh', '-c', 'echo a&b'],
        stdin: true,
        stdout: true,
        stderr: false,
        tty: true,
      },
    });
    expect(parseRoute('/api/v1/namespaces/ns/pods/p1/attach?stderr=true')).to.deep.equal({
      api: 'server',
      asked: { kind: 'attach', ...NAMES, container: null, command: [], ...FLAGS, stderr: true },
    });
    expect(parseRoute('/api/v1/namespaces/ns/pods/p1/portforward?ports=80')).to.deep.equal({
      api: 'server',
      asked: { kind: 'portForward', ...NAMES, ports: [80] },
    });
  });

  it('of a kubelet: other names, with and without the uid', () => {
    const asked = { kind: 'exec', ...NAMES, container: 'c1', command: ['ls'], ...FLAGS };
    expect(parseRoute('/exec/ns/p1/c1?command=ls&input=1&output=1&error=1')).to.deep.equal({
      api: 'kubelet',
      asked: { ...asked, stdin: true, stdout: true, stderr: true },
    });
    expect(parseRoute('/exec/ns/p1/u-1/c1?command=ls&output=1')).to.deep.equal({
      api: 'kubelet',
      asked: { ...asked, uid: 'u-1', stdout: true },
    });
    expect(parseRoute('/attach/ns/p1/c1?output=1')).to.have.nested.property('asked.kind', 'attach');
    expect(parseRoute('/portForward/ns/p1?port=80')).to.deep.equal({
      api: 'kubelet',
      asked: { kind: 'portForward', ...NAMES, ports: [80] },
    });
    expect(parseRoute('/portForward/ns/p1/u-1')).to.have.nested.property('asked.uid', 'u-1');
  });

  it('of a container runtime: a token', () => {
    for (const [verb, kind] of [
      ['exec', 'exec'],
      ['attach', 'attach'],
      ['portforward', 'portForward'],
    ]) {
      expect(parseRoute(`/${verb}/AbC_-123`)).to.deep.equal({
        api: 'runtime',
        kind,
        token: 'AbC_-123',
      });
    }
  });

  it('take either spelling of a flag, unless it says no', () => {
    const flags = (query: string): unknown => {
      const route = parseRoute(`/exec/ns/p1/c1?command=a&stdin=1&${query}`);
      const { stdout, stderr, tty } = (route as { asked: typeof FLAGS }).asked;
      return [stdout, stderr, tty];
    };
    expect(flags('stdout=true&stderr=1')).to.deep.equal([true, true, false]);
    expect(flags('output=true&error=')).to.deep.equal([true, true, false]);
    expect(flags('output=0&error=False')).to.deep.equal([false, false, false]);
    expect(flags('tty=1&stderr=1')).to.deep.equal([false, false, true]);
  });

  it('stand behind the prefix only', () => {
    const url = '/proxy/exec/ns/p1/c1?command=a&output=1';
    expect(parseRoute(url, '/proxy')).to.have.property('api', 'kubelet');
    expect(parseRoute(url)).to.equal(null);
    expect(parseRoute('/proxyexec/ns/p1/c1?command=a&output=1', '/proxy')).to.equal(null);
    expect(parseRoute('/exec/ns/p1/c1?command=a&output=1', '/proxy')).to.equal(null);
  });

  it('are told from other URLs', () => {
    for (const url of [
      '',
      '/',
      '*',
      '/exec',
      '/exec/ns/p1',
      '/exec/a/b/c/d/e',
      '/portForward/a/b/c/d',
      '/portforward/ns/p1',
      '/toString/x',
      '/api/v1/namespaces/ns/pods/p1',
      '/api/v1/namespaces/ns/pods/p1/log',
      '/api/v1/namespaces/ns/pods/p1/portForward',
      '/api/v1/namespaces/ns/pods/p1/exec/more',
      '/api/v2/namespaces/ns/pods/p1/exec',
    ])
      expect(parseRoute(url), url).to.equal(null);
  });

  it('refuse with 400 what makes no sense', () => {
    const exec = '/api/v1/namespaces/ns/pods/p1/exec';
    for (const [url, words] of [
      [`${exec}?command=a`, 'at least one'],
      [`${exec}?command=a&stderr=false`, 'at least one'],
      [`${exec}?command=a&tty=true&stderr=true`, 'at least one'],
      [`${exec}?stdout=true`, 'a command'],
      [`${exec}?stdout=true&command=`, 'a command'],
      ['/exec/ns/../c1?command=a&output=1', 'pod'],
      ['/exec/ns/a%2Fb/c1?command=a&output=1', 'pod'],
      ['/exec/ns/%/c1?command=a&output=1', 'pod'],
      ['/exec/%0d%0a/p1/c1?command=a&output=1', 'namespace'],
      [`/exec/${'n'.repeat(254)}/p1/c1?command=a&output=1`, 'namespace'],
      ['/exec/ns/p1/-u/c1?command=a&output=1', 'uid'],
      [`${exec}?command=a&stdout=1&container=..%2F`, 'container'],
    ] as const) {
      const refusal = refusalOf(url);
      expect(refusal.statusCode, url).to.equal(400);
      expect(refusal.message, url).to.include(words);
      expect(refusal.status, url).to.include({ kind: 'Status', code: 400, reason: 'BadRequest' });
    }
  });
});
