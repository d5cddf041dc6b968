import { expect } from 'chai';
import { run } from '../../../../lib/kubernetes/client/command/run.ts';
import type { KubernetesTransport } from '../../../../lib/kubernetes/client/transport.ts';
import { UpgradeRefusedError } from '../../../../lib/kubernetes/errors.ts';
import type { FakeRule } from '../../../../lib/kubernetes/fake/access/rbac.ts';
import {
  createFakeApiServer,
  type FakeApiServer,
} from '../../../../lib/kubernetes/fake/api-server.ts';

const PODS = '/api/v1/namespaces/default/pods';

describe('rules of a fake API server', () => {
  let fake: FakeApiServer;

  async function serve(rules: readonly FakeRule[]): Promise<void> {
    fake = await createFakeApiServer({ pods: ['p1', 'p2'], rules }).listen();
  }

  afterEach(() => fake.close());

  async function codes(...asked: [method: string, path: string][]): Promise<number[]> {
    const answers = await Promise.all(
      asked.map(async ([method, path]) => {
        const answer = await fetch(fake.url + path, { method });
        await answer.body?.cancel();
        return answer.status;
      }),
    );
    return answers;
  }

  it('say what users may do', async () => {
    await serve([
      { verbs: ['get', 'list'], resources: ['pods'], namespace: 'default' },
      { verbs: ['get'], resources: ['*/log'] },
      { verbs: ['*'], resources: ['*'], apiGroups: ['apps'] },
    ]);
    expect(
      await codes(
        ['GET', PODS],
        ['GET', `${PODS}/p1`],
        ['GET', `${PODS}/p1/log`],
        ['GET', '/apis/apps/v1/deployments'],
        ['GET', '/api'],
      ),
    ).to.deep.equal([200, 200, 200, 200, 200]);
    expect(
      await codes(
        ['GET', '/api/v1/pods'],
        ['GET', `${PODS}?watch=true`],
        ['DELETE', `${PODS}/p1`],
        ['GET', '/api/v1/namespaces/default/services'],
        ['GET', `${PODS}/p1/status`],
        ['GET', '/apis/batch/v1/jobs'],
      ),
    ).to.deep.equal([403, 403, 403, 403, 403, 403]);
  });

  it('may be about some objects only', async () => {
    await serve([{ verbs: ['get', 'watch', 'list'], resources: ['pods'], resourceNames: ['p1'] }]);
    const selected = `${PODS}?fieldSelector=metadata.name%3Dp1`;
    expect(
      await codes(['GET', `${PODS}/p1`], ['GET', `${PODS}/p2`], ['GET', PODS], ['GET', selected]),
    ).to.deep.equal([200, 403, 403, 200]);
  });

  it('have the words of Kubernetes', async () => {
    await serve([]);
    const words = async (path: string): Promise<unknown> =>
      ((await (await fetch(fake.url + path)).json()) as Error).message;
    expect(await words(`${PODS}/p1/log`)).to.equal(
      'pods "p1" is forbidden: User "fake" cannot get resource "pods/log" in API group "" in the namespace "default"',
    );
    expect(await words('/apis/apps/v1/deployments')).to.equal(
      'deployments.apps is forbidden: User "fake" cannot list resource "deployments" in API group "apps" at the cluster scope',
    );
  });

  it('want create for exec, and get as well for a WebSocket', async () => {
    const target = { pod: 'p1', command: ['true'] };
    for (const [verbs, transport, expected] of [
      [['create'], 'spdy', 0],
      [['get'], 'spdy', 'cannot create resource "pods/exec"'],
      [['create', 'get'], 'websocket', 0],
      [['get'], 'websocket', 'cannot create resource "pods/exec"'],
      [['create'], 'websocket', 'cannot get resource "pods/exec"'],
    ] as [string[], KubernetesTransport, string | number][]) {
      await serve([{ verbs, resources: ['pods/exec'] }]);
      const outcome = await run({ ...target, cluster: fake.cluster, transport }).then(
        ({ exitCode }) => exitCode,
        (error: Error) => error,
      );
      const what = `${verbs} over ${transport}`;
      if (typeof expected === 'number') expect(outcome, what).to.equal(expected);
      else {
        expect(outcome, what)
          .to.be.instanceOf(UpgradeRefusedError)
          .with.property('statusCode', 403);
        expect((outcome as Error).message, what).to.include(expected);
      }
      await fake.close();
    }
  });

  it('change while the server runs, and are checked', async () => {
    await serve([]);
    expect(await codes(['GET', PODS])).to.deep.equal([403]);
    fake.setRules(null);
    expect(await codes(['GET', PODS])).to.deep.equal([200]);
    fake.setRules([]);
    expect(await codes(['GET', PODS])).to.deep.equal([403]);
    for (const rules of [{}, [null], [{ verbs: ['get'] }], [{ verbs: 'get', resources: ['pods'] }]])
      expect(() => fake.setRules(rules as never), JSON.stringify(rules))
        .to.throw()
        .with.property('code', 'ERR_SPDY_INVALID_ARGUMENT');
  });
});
