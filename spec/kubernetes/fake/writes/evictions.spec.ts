import { expect } from 'chai';
import {
  createFakeApiServer,
  type FakeApiServer,
} from '../../../../lib/kubernetes/fake/api-server.ts';
import { until } from '../../../support/session-pair.ts';

describe('evictions from a fake API server', () => {
  const labels = { app: 'web' };
  let fake: FakeApiServer;

  beforeEach(async () => {
    fake = await createFakeApiServer({
      pods: [
        { name: 'a', labels },
        { name: 'b', labels },
        { name: 'late', labels, ready: false },
        { name: 'done', labels, phase: 'Succeeded' },
        'other',
      ],
    }).listen();
  });

  afterEach(() => fake.close());

  async function evict(pod: string, body: object = {}, query = ''): Promise<[number, Answer]> {
    const url = `${fake.url}/api/v1/namespaces/default/pods/${pod}/eviction${query}`;
    const answer = await fetch(url, {
      ...{ method: 'POST', headers: { 'Content-Type': 'application/json' } },
      body: JSON.stringify({ apiVersion: 'policy/v1', kind: 'Eviction', ...body }),
    });
    return [answer.status, (await answer.json()) as Answer];
  }

  const budget = (status: object, spec: object = {}, name = 'web'): void =>
    void fake.put({
      ...{ apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', metadata: { name } },
      spec: { selector: { matchLabels: labels }, ...spec },
      status,
    });

  const gone = (name: string) => until(() => fake.find('pod', name) === null);
  const status = { disruptionsAllowed: 1, desiredHealthy: 1, currentHealthy: 2 };

  it('delete pods, as their options say', async () => {
    const [code, answer] = await evict('a', { deleteOptions: { gracePeriodSeconds: 0 } });
    expect([code, answer.status]).to.deep.equal([201, 'Success']);
    await gone('a');
    const uid = { deleteOptions: { preconditions: { uid: 'x' } } };
    expect((await evict('b', uid))[0]).to.equal(409);
    expect((await evict('b', {}, '?dryRun=All'))[0]).to.equal(201);
    expect((await evict('b', { deleteOptions: { dryRun: ['All'] } }))[0]).to.equal(201);
    expect(fake.find('pod', 'b')?.metadata.deletionTimestamp).to.equal(undefined);
  });

  it('are of one pod that is there', async () => {
    expect((await evict('none'))[0]).to.equal(404);
    expect((await evict('a', { metadata: { name: 'b' } }))[0]).to.equal(400);
    expect((await evict('a', { deleteOptions: [] }))[0]).to.equal(400);
    for (const method of ['GET', 'PUT', 'DELETE']) {
      const url = `${fake.url}/api/v1/namespaces/default/pods/a/eviction`;
      expect((await fetch(url, { method })).status, method).to.equal(405);
    }
  });

  it('are as many as their disruption budget allows', async () => {
    budget(status);
    expect((await evict('a', {}, '?dryRun=All'))[0]).to.equal(201);
    expect((await evict('a'))[0]).to.equal(201);
    const [code, { reason, details }] = await evict('b');
    expect([code, reason, details?.causes]).to.deep.equal([
      429,
      'TooManyRequests',
      [
        {
          reason: 'DisruptionBudget',
          message: 'The disruption budget web needs 1 healthy pods and has 2 currently',
        },
      ],
    ]);
    expect(fake.find('pdb', 'web')).to.have.nested.property('status.disruptedPods.a');
    expect((await evict('other'))[0]).to.equal(201);
    expect((await evict('done'))[0]).to.equal(201);
  });

  it('wait until somebody has reckoned what a budget allows', async () => {
    const ask = { method: 'POST', headers: { 'Content-Type': 'application/json' } };
    const selector = { matchExpressions: [{ key: 'app', operator: 'In', values: ['web'] }] };
    const body = JSON.stringify({ metadata: { name: 'p' }, spec: { minAvailable: 1, selector } });
    const budgets = `${fake.url}/apis/policy/v1/namespaces/default/poddisruptionbudgets`;
    expect((await fetch(budgets, { ...ask, body })).status).to.equal(201);
    const [code, { details }] = await evict('a');
    expect([code, details?.causes[0]?.message]).to.deep.equal([
      429,
      'The disruption budget p is still being processed by the server.',
    ]);
  });

  it('do not ask a budget about pods that are not ready, where there are enough', async () => {
    budget({ ...status, disruptionsAllowed: 0, currentHealthy: 0 });
    expect((await evict('late'))[0]).to.equal(429);
    budget({ ...status, disruptionsAllowed: 0 });
    expect((await evict('late', {}, '?dryRun=All'))[0]).to.equal(201);
    budget({ disruptionsAllowed: 0 }, { unhealthyPodEvictionPolicy: 'AlwaysAllow' });
    expect((await evict('late'))[0]).to.equal(201);
    expect((await evict('a'))[0]).to.equal(429);
  });

  it('are not for pods of two budgets', async () => {
    budget(status);
    budget(status, {}, 'second');
    const [code, { message }] = await evict('a');
    expect([code, message]).to.deep.equal([
      500,
      'This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.',
    ]);
  });
});

interface Answer {
  readonly status?: string;
  readonly reason?: string;
  readonly message?: string;
  readonly details?: { readonly causes: { readonly message: string }[] };
}
