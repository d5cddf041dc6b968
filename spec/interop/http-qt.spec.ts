import { expect } from 'chai';
import { type HttpListener, listenHttp } from './support/http-app.ts';
import { qtCommand, requirePeer } from './support/peers.ts';
import { run } from './support/process.ts';

/** The line of JSON that qtspdy.py prints. Wrong bodies count as bad. */
interface Summary {
  ok: number;
  bad: number;
  unfinished: number;
  status: Record<string, number>;
  /** Requests that went over SPDY. */
  spdy: number;
  protocol: string | null;
  errors: string[];
  replies: { url: string; status: number; headers: Record<string, string>; body: string }[];
}

describe("Qt 5's client and createServer(), SPDY/3 over TLS", () => {
  let listener: HttpListener | undefined;

  before(async function () {
    requirePeer(this, 'qt5');
    listener = await listenHttp();
  });

  after(() => listener?.close());

  async function client(options: string, ...paths: string[]): Promise<Summary> {
    const given = options === '' ? [] : options.split(' ');
    const urls = paths.map((path) => `https://127.0.0.1:${listener?.port}${path}`);
    const { stdout, stderr } = await run(qtCommand('--timeout', '20', ...given, ...urls));
    expect(stdout, stderr).to.match(/^\{/);
    return JSON.parse(stdout) as Summary;
  }

  it('serves bodies of every size', async () => {
    const sizes = [0, 1, 65_536, 3 << 20].map((size) => `/bytes/${size}`);
    const seen = await client('-n 40', ...sizes, '/status/404');
    expect(seen.errors).to.deep.equal([]);
    expect(seen).to.include({ ok: 40, unfinished: 0, spdy: 40, protocol: 'spdy/3' });
    expect(seen.status).to.deep.equal({ 200: 32, 404: 8 });
  });

  it('takes uploads by POST and sends them back', async () => {
    const seen = await client('-n 6 -m 3 --post 300000', '/echo');
    expect(seen.errors).to.deep.equal([]);
    expect(seen).to.include({ ok: 6, unfinished: 0, spdy: 6, protocol: 'spdy/3' });
  });

  it('takes an empty upload', async () => {
    const seen = await client('--post 0', '/echo');
    expect(seen.errors).to.deep.equal([]);
    expect(seen).to.include({ ok: 1, unfinished: 0, spdy: 1 });
  });

  it('delivers headers, several values of one name and trailers', async () => {
    const seen = await client('-m 1 --dump -H X-One:1', '/headers', '/multi', '/trailers');
    expect(seen.errors).to.deep.equal([]);
    const [headers, multi, trailers] = seen.replies;
    const got = JSON.parse(headers?.body ?? '{}') as { headers: Record<string, string> };
    expect(got.headers).to.include({ host: `127.0.0.1:${listener?.port}`, 'x-one': '1' });
    expect(multi?.headers['set-cookie']).to.equal('a=1\nb=2; path=/');
    expect(trailers?.body).to.equal('body\n');
  });

  it('has no session left, and none that failed', async () => {
    await listener?.quiet();
    expect(listener?.errors).to.deep.equal([]);
  });
});
