import { expect } from 'chai';
import { createProxy, type SpdyProxy } from '../../../lib/tools/proxy/proxy.ts';
import { sharedCertificate } from '../../support/session-pair.ts';
import {
  type Death,
  type DyingBack,
  dyingFramed,
  dyingHttp1,
  type Expected,
  FRAMED_PHASES,
  HTTP1_PHASES,
} from './support/dying-backs.ts';
import { type Ports, SEEING, type Sending, verdictOf } from './support/verdicts.ts';

const DEATHS = ['fin', 'reset'] as const;

describe('a back that dies', () => {
  let proxy: SpdyProxy;
  let back: DyingBack;

  afterEach(() => {
    proxy.destroy();
    back.close();
  });

  /** What every kind of client gets. */
  async function judge(expected: Expected, sending: Sending, death: Death): Promise<void> {
    const { key, cert } = sharedCertificate();
    proxy = createProxy({ backs: [back.back], maxFailures: 0 });
    const place = { port: 0, host: '127.0.0.1' };
    const ports: Ports = {
      secure: (await proxy.listen({ ...place, key, cert })).port,
      plain: (await proxy.listen({ ...place, tls: false, sniff: true })).port,
    };
    for (const client of SEEING) {
      const over = new Promise((resolve) => proxy.once('exchange', resolve));
      const verdict = await verdictOf(client, ports, sending, over);
      await over;
      const told = `${client}: ${JSON.stringify(verdict)}`;
      // A reset takes with it what the other side has not read.
      const lost = expected === 'cut' && death === 'reset' && verdict.status === 502;
      if (expected === 'failed' || lost) {
        expect(verdict, told).to.deep.equal({ status: 502, whole: true });
      } else expect(verdict, told).to.deep.equal({ status: 200, whole: expected === 'whole' });
    }
    expect(proxy.active).to.equal(0);
  }

  for (const { title, expected, dies, sending = 'nothing', death: only } of HTTP1_PHASES) {
    for (const death of DEATHS) {
      if (only !== undefined && only !== death) continue;
      it(`http/1.1, ${title} (${death})`, async () => {
        back = await dyingHttp1(dies, sending, death);
        await judge(expected, sending, death);
      });
    }
  }

  for (const protocol of ['h2', 'spdy/3.1', 'spdy/3', 'spdy/2'] as const) {
    for (const { title, expected, dies, sending = 'nothing' } of FRAMED_PHASES) {
      for (const death of DEATHS) {
        it(`${protocol}, ${title} (${death})`, async () => {
          back = await dyingFramed(protocol, dies, death);
          await judge(expected, sending, death);
        });
      }
    }
  }
});
