import { expect } from 'chai';
import {
  createFakeApiServer,
  type FakeApiServer,
} from '../../../../lib/kubernetes/fake/api-server.ts';

const LEASES = '/apis/coordination.k8s.io/v1/namespaces/default/leases';

describe('the election of a leader by a lease of a fake API server', () => {
  let fake: FakeApiServer;
  let renewals = 0;

  beforeEach(async () => {
    fake = await createFakeApiServer({}).listen();
  });

  afterEach(() => fake.close());

  async function ask(method: string, path: string, body?: object): Promise<[number, Lease]> {
    const answer = await fetch(fake.url + path, {
      method,
      headers: { 'Content-Type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return [answer.status, (await answer.json()) as Lease];
  }

  const get = (): Promise<[number, Lease]> => ask('GET', `${LEASES}/lock`);

  /** Tries to lead, as clients in Go do: whoever has changed it meanwhile has won. */
  async function acquire(identity: string, seen: [number, Lease]): Promise<boolean> {
    const [found, lease] = seen;
    renewals += 1;
    const renewTime = new Date(renewals * 1000).toISOString();
    const spec = { holderIdentity: identity, leaseDurationSeconds: 15, renewTime };
    const [code] =
      found === 404
        ? await ask('POST', LEASES, { metadata: { name: 'lock' }, spec })
        : await ask('PUT', `${LEASES}/lock`, { ...lease, spec });
    if (code !== 409) expect(code).to.be.oneOf([200, 201]);
    return code !== 409;
  }

  it('has one winner, be the lease new, or renewed, or taken', async () => {
    const before = [await get(), await get()] as const;
    expect([await acquire('a', before[0]), await acquire('b', before[1])]).to.deep.equal([
      ...[true, false],
    ]);
    for (const winner of ['a', 'b']) {
      const both = [await get(), await get()] as const;
      const loser = winner === 'a' ? 'b' : 'a';
      expect([await acquire(winner, both[0]), await acquire(loser, both[1])]).to.deep.equal([
        ...[true, false],
      ]);
      expect(fake.find('lease', 'lock')).to.have.nested.property('spec.holderIdentity', winner);
    }
  });

  it('has one winner of many at once', async () => {
    await acquire('old', [404, {} as Lease]);
    const seen = await Promise.all(Array.from({ length: 20 }, get));
    const won = await Promise.all(seen.map((one, index) => acquire(`c${index}`, one)));
    expect(won.filter(Boolean)).to.have.length(1);
    expect(fake.find('lease', 'lock')).to.have.nested.property(
      'spec.holderIdentity',
      `c${won.indexOf(true)}`,
    );
  });
});

interface Lease {
  readonly spec: object;
}
