import type { Writable } from 'node:stream';
import { expect } from 'chai';
import type { BackProtocol } from '../../../lib/tools/proxy/back/options.ts';
import { createProxy } from '../../../lib/tools/proxy/proxy.ts';
import { sharedCertificate } from '../../support/session-pair.ts';
import { answers, BACKS, startApplication } from './support/application.ts';
import { clientOf, FRONTS, type FrontProtocol } from './support/clients.ts';

/** Bytes of a body that nobody reads. */
const BODY = 256 << 20;
/** More than all buffers on its way, those of the system among them. */
const ENOUGH = BODY / 2;
const PIECE = Buffer.alloc(1 << 16);
/** Requests that go by meanwhile. */
const OTHERS = 40;

/** SPDY/2 has no flow control: who does not read there holds the whole connection up. */
const PAIRS: readonly (readonly [FrontProtocol, BackProtocol])[] = [
  ...FRONTS.map((front) => [front, 'http/1.1'] as const),
  ...BACKS.filter((back) => back !== 'http/1.1').map((back) => ['h2', back] as const),
].filter((pair) => !pair.includes('spdy/2'));

for (const [front, back] of PAIRS) {
  describe(`a proxy in front of one who reads slowly (${front} to ${back})`, () => {
    /** Bytes that have left the writer. */
    let written = 0;

    /** Answers with much, or reads nothing. */
    async function open() {
      written = 0;
      const application = await startApplication(back, (request, response) => {
        if (request.url === '/much') pour(response);
        else if (request.url !== '/deaf') answers(request, response);
      });
      const proxy = createProxy({ backs: [application.back] });
      const { key, cert } = sharedCertificate();
      const { port } = await proxy.listen({ port: 0, host: '127.0.0.1', key, cert });
      const client = clientOf(front, port);
      const others = async (): Promise<void> => {
        for (let i = 0; i < OTHERS; i++) {
          const { body } = await client.ask({ path: '/sized?bytes=20000' });
          expect(body.length).to.equal(20_000);
        }
      };
      const close = async (): Promise<void> => {
        await client.close();
        proxy.destroy();
        await application.close();
      };
      return { proxy, client, others, close };
    }

    /** Writes as long as there is room. */
    function pour(stream: Writable): void {
      const write = (): void => {
        while (written < BODY && !stream.destroyed) {
          written += PIECE.length;
          if (!stream.write(PIECE)) return;
        }
      };
      stream.on('drain', write);
      write();
    }

    it('takes no more of an answer than has room on its way', async () => {
      const { client, others, close } = await open();
      const { request, answer } = client.begin({ path: '/much' });
      request.end();
      await answer;
      await others();
      expect(written).to.be.within(PIECE.length, ENOUGH);
      await close();
    });

    it('takes no more of a request than has room on its way', async () => {
      const { client, others, close, proxy } = await open();
      const { request, answer } = client.begin({ path: '/deaf', method: 'POST' });
      answer.catch(() => {});
      pour(request);
      await others();
      expect(written).to.be.within(PIECE.length, ENOUGH);
      expect(proxy.active).to.be.at.least(1);
      await close();
    });
  });
}
