import { expect } from 'chai';
import { attach } from '../../../../lib/kubernetes/client/command/exec.ts';
import {
  createFakeApiServer,
  type FakeApiServer,
} from '../../../../lib/kubernetes/fake/api-server.ts';
import { FakeLog } from '../../../../lib/kubernetes/fake/pods/log.ts';
import type { FakeContainer, FakePod } from '../../../../lib/kubernetes/fake/pods/pod-options.ts';
import { until } from '../../../support/session-pair.ts';

const LOG = '/api/v1/namespaces/default/pods/p1/log';

describe('logs of a fake API server', () => {
  let fake: FakeApiServer;

  async function serve(pod: Omit<FakePod, 'name'> = {}): Promise<void> {
    fake = await createFakeApiServer({ pods: [{ name: 'p1', ...pod }] }).listen();
  }

  afterEach(() => fake.close());

  async function read(query = ''): Promise<string> {
    const answer = await fetch(`${fake.url}${LOG}?${query}`);
    const body = await answer.text();
    return answer.ok ? body : `${answer.status} ${(JSON.parse(body) as Error).message}`;
  }

  it('have what the test has written, as much of it as is asked for', async () => {
    await serve({ containers: { main: { log: 'one\ntwo\n', previousLog: 'before\n' } } });
    fake.log('p1', 'three\nfo');
    fake.log('p1', 'ur');
    for (const [query, expected] of [
      ['', 'one\ntwo\nthree\nfour'],
      ['container=main', 'one\ntwo\nthree\nfour'],
      ['tailLines=2', 'three\nfour'],
      ['tailLines=0', ''],
      ['tailLines=9&limitBytes=5', 'one\nt'],
      ['previous=true', 'before\n'],
      ['sinceSeconds=1000', 'one\ntwo\nthree\nfour'],
      ['sinceTime=2999-01-01T00:00:00Z', ''],
    ] as const)
      expect(await read(query), query).to.equal(expected);
    expect(await read('timestamps=true&tailLines=1')).to.match(
      /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z four$/,
    );
  });

  it('are refused where there is none, or not that one', async () => {
    fake = await createFakeApiServer({
      pods: [
        { name: 'p1', containers: { a: {}, b: { log: 'of b' } } },
        { name: 'p2', phase: 'Pending' },
      ],
    }).listen();
    expect(await read()).to.equal(
      '400 a container name must be specified for pod p1, choose one of: [a b]',
    );
    expect(await read('container=b')).to.equal('of b');
    expect(await read('container=c')).to.match(/^400 container c is not valid for pod p1/);
    expect(await read('container=a&previous=1')).to.match(/^400 previous terminated container/);
    for (const [query, code] of [
      ['tailLines=-1', 422],
      ['limitBytes=0', 422],
      ['sinceSeconds=1&sinceTime=2026-01-01T00:00:00Z', 422],
      ['stream=Stdout', 422],
      ['tailLines=x', 400],
      ['sinceTime=x', 400],
    ] as const)
      expect(await read(`container=a&${query}`), query).to.match(new RegExp(`^${code} `));
    const pods = `${fake.url}/api/v1/namespaces/default/pods`;
    expect((await fetch(`${pods}/p2/log`)).status).to.equal(400);
    expect((await fetch(`${pods}/p9/log`)).status).to.equal(404);
    expect((await fetch(`${pods}/p2/log`, { method: 'POST' })).status).to.equal(405);
    expect(() => fake.log('p9', 'x')).to.throw('there is no such container');
  });

  it('are followed until the pod ends, or the limit is reached', async () => {
    await serve({ containers: { main: { log: 'one\n' } } });
    const whole = read('follow=true');
    const limited = read('follow=true&limitBytes=6');
    const silent = read('follow=true&tailLines=0&timestamps=true');
    const asked = 3;
    let count = 0;
    fake.on('request', () => {
      count += 1;
    });
    await until(() => count === asked);
    await new Promise((next) => setImmediate(next));
    fake.log('p1', 'two\n');
    expect(await limited).to.equal('one\ntw');
    fake.deletePod('p1');
    expect(await whole).to.equal('one\ntwo\n');
    expect(await silent).to.match(/^\S+Z two\n$/);
  });

  it('have the output of the main process, that of its run before apart', async () => {
    await serve({ containers: { main: { command: ['sh', '-c', 'read x; echo got $x; exit 3'] } } });
    for (const word of ['one', 'two']) {
      const main = await attach({ cluster: fake.cluster, pod: 'p1', stdin: true });
      main.stdout?.resume();
      main.stderr?.resume();
      main.stdin.end(`${word}\n`);
      await main.exited;
    }
    expect([await read(), await read('previous=true')]).to.deep.equal(['got two\n', 'got one\n']);
  });

  describe('of main processes that run from the beginning', () => {
    const main = (script: string): Record<string, FakeContainer> => ({
      main: { command: ['sh', '-c', script], start: true },
    });

    function status(): Status {
      const pod = fake.find('pod', 'p1') as unknown as {
        status: { phase: string; containerStatuses: { state: object; restartCount: number }[] };
      };
      const [container] = pod.status.containerStatuses;
      const state = Object.values(container?.state ?? {})[0] as { reason?: string };
      return { phase: pod.status.phase, reason: state.reason, count: container?.restartCount };
    }

    it('are there without a client, and the phase tells how it has ended', async () => {
      for (const [code, phase, reason] of [
        [0, 'Succeeded', 'Completed'],
        [4, 'Failed', 'Error'],
      ] as const) {
        await serve({
          containers: main(`echo out; echo err >&2; exit ${code}`),
          restartPolicy: 'Never',
        });
        await until(() => status().phase === phase);
        expect(status()).to.include({ phase, reason });
        expect((await read('follow=true')).split('\n').toSorted()).to.deep.equal([
          '',
          'err',
          'out',
        ]);
        await fake.close();
      }
    });

    it('wait for their next run, where they are run again', async () => {
      await serve({ containers: main('echo out; exit 1'), restartPolicy: 'OnFailure' });
      await until(() => status().reason === 'CrashLoopBackOff');
      expect(status()).to.include({ phase: 'Running', count: 0 });
      expect(await read()).to.equal('out\n');
    });

    it('are ended with their pod', async () => {
      await serve({ containers: main('echo out; exec sleep 300') });
      await until(() => fake.open.processes === 1);
      fake.setPod('p1', { phase: 'Failed' });
      await until(() => fake.open.processes === 0);
      expect(status()).to.include({ phase: 'Failed' });
      // It begins anew.
      fake.setPod('p1', { phase: 'Running' });
      await until(() => fake.open.processes === 1);
    });
  });

  it('keep the last mebibyte', () => {
    const log = new FakeLog();
    const all = { since: 0, tailLines: null, timestamps: false };
    for (let i = 0; i < 3000; i++) log.append(`${String(i).padStart(999, '0')}\n`, i);
    const kept = log.read(all).toString();
    expect(kept.length).to.be.lessThanOrEqual(1024 * 1024);
    expect(kept.length).to.be.greaterThan(500_000);
    expect(kept.slice(-5)).to.equal('2999\n');
    expect(log.read({ ...all, since: 2999 })).to.have.length(1000);
  });
});

interface Status {
  readonly phase: string;
  readonly reason: string | undefined;
  readonly count: number | undefined;
}
