import { expect } from 'chai';
import {
  createFakeApiServer,
  type FakeApiServer,
} from '../../../../lib/kubernetes/fake/api-server.ts';

const BOT = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'bot' } };

describe('tokens of service accounts of a fake API server', () => {
  let fake: FakeApiServer;

  beforeEach(async () => {
    const rules = [
      { verbs: ['create'], resources: ['serviceaccounts/token'], users: ['fake'] },
      {
        verbs: ['create'],
        resources: ['tokenreviews'],
        apiGroups: ['authentication.k8s.io'],
        users: ['fake'],
      },
      { verbs: ['list'], resources: ['pods'], users: ['system:serviceaccount:default:bot'] },
    ];
    fake = await createFakeApiServer({ objects: [BOT], pods: ['web'], rules }).listen();
  });

  afterEach(() => fake.close());

  async function post(path: string, body: unknown): Promise<[number, Answer]> {
    const answer = await fetch(fake.url + path, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    });
    return [answer.status, (await answer.json()) as Answer];
  }

  const request = (spec: object, name = 'bot'): Promise<[number, Answer]> =>
    post(`/api/v1/namespaces/default/serviceaccounts/${name}/token`, { spec });

  const review = async (token: string, audiences: readonly string[] = []): Promise<object> =>
    (
      await post('/apis/authentication.k8s.io/v1/tokenreviews', {
        spec: { token, audiences },
      })
    )[1].status;

  const list = async (token: string): Promise<number> => {
    const headers = { Authorization: `bearer ${token}` };
    return (await fetch(`${fake.url}/api/v1/namespaces/default/pods`, { headers })).status;
  };

  it('let in who they are of, and nobody else', async () => {
    const [code, { kind, spec, status }] = await request({});
    expect([code, kind, spec]).to.deep.equal([
      201,
      'TokenRequest',
      { audiences: ['https://kubernetes.default.svc.cluster.local'], expirationSeconds: 3600 },
    ]);
    const { token = '', expirationTimestamp = '' } = status;
    const [, claims = ''] = token.split('.');
    const { exp, sub } = JSON.parse(Buffer.from(claims, 'base64url').toString());
    expect([exp * 1000, sub]).to.deep.equal([
      Date.parse(expirationTimestamp),
      'system:serviceaccount:default:bot',
    ]);
    expect([await list(token), await list('another')]).to.deep.equal([200, 403]);
    expect(await review(token)).to.deep.equal({
      authenticated: true,
      user: {
        username: 'system:serviceaccount:default:bot',
        uid: fake.find('sa', 'bot')?.metadata.uid,
        groups: [
          ...['system:serviceaccounts', 'system:serviceaccounts:default', 'system:authenticated'],
        ],
      },
      audiences: ['https://kubernetes.default.svc.cluster.local'],
    });
    for (const other of ['another', `${token}x`, token.replace(/\.[^.]+\./, '.e30.')])
      expect(await review(other), other).to.not.have.property('authenticated');
  });

  it('hold as long as their account, and what they are bound to', async () => {
    const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 's' } };
    fake.put(secret);
    const boundObjectRef = { kind: 'Secret', apiVersion: 'v1', name: 's' };
    const [, bound] = await request({ boundObjectRef });
    const [, free] = await request({});
    const tokens = [bound, free].map(({ status }) => status.token as string) as [string, string];
    const both = async (): Promise<number[]> => [await list(tokens[0]), await list(tokens[1])];
    expect(await both()).to.deep.equal([200, 200]);
    fake.remove('secret', 's');
    expect(await both()).to.deep.equal([401, 200]);
    // Another one of that name is another one.
    fake.put(secret);
    fake.remove('serviceaccount', 'bot');
    fake.put(BOT);
    expect(await both()).to.deep.equal([401, 401]);
  });

  it('are for whom they name', async () => {
    const [, { status }] = await request({ audiences: ['vault', 'other'] });
    const { token = '' } = status;
    expect(await list(token)).to.equal(401);
    expect(await review(token)).to.not.have.property('authenticated');
    expect(await review(token, ['vault', 'third'])).to.deep.include({
      authenticated: true,
      audiences: ['vault'],
    });
  });

  it('are refused where they cannot be', async () => {
    const boundTo = (kind: string, name: string, more = {}): object => ({
      boundObjectRef: { kind, apiVersion: 'v1', name, ...more },
    });
    for (const [spec, code] of [
      [{ expirationSeconds: 599 }, 422],
      [{ expirationSeconds: 2 ** 33 }, 422],
      [{ expirationSeconds: 'long' }, 400],
      [boundTo('ConfigMap', 'x'), 400],
      [boundTo('Secret', 'none'), 404],
      [boundTo('Pod', 'web'), 400],
      [boundTo('Node', 'fake-node', { uid: '1' }), 409],
      [boundTo('Node', 'fake-node'), 201],
    ] as const)
      expect((await request(spec))[0], JSON.stringify(spec)).to.equal(code);
    expect((await request({}, 'none'))[0]).to.equal(404);
    fake.setRules([]);
    expect((await request({}))[0]).to.equal(403);
    const path = `${fake.url}/api/v1/namespaces/default/serviceaccounts/bot/token`;
    fake.setRules(null);
    expect((await fetch(path)).status).to.equal(405);
  });
});

interface Answer {
  readonly kind: string;
  readonly spec: object;
  readonly status: { readonly token?: string; readonly expirationTimestamp?: string };
}
