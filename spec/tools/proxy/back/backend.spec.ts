import { once } from 'node:events';
import http from 'node:http';
import type net from 'node:net';
import { createSecureContext } from 'node:tls';
import { expect } from 'chai';
import { Backend } from '../../../../lib/tools/proxy/back/backend.ts';
import { type BackOptions, resolveBack } from '../../../../lib/tools/proxy/back/options.ts';
import { createProxy } from '../../../../lib/tools/proxy/proxy.ts';

const RULES = { maxFailures: 5, openMs: 1, slowStartMs: 1 };
const URL = 'https://a';

describe('tools/proxy/back/backend', () => {
  describe('is kept', () => {
    const check = (): undefined => undefined;
    const context = createSecureContext();
    for (const [what, tls, other, same] of [
      ['for the same bytes', { ca: Buffer.from('ca') }, { ca: Buffer.from('ca') }, true],
      ['for the same list', { ca: ['a', 'b'] }, { ca: ['a', 'b'] }, true],
      [
        'for the same function',
        { checkServerIdentity: check },
        { checkServerIdentity: check },
        true,
      ],
      ['for the same context', { secureContext: context }, { secureContext: context }, true],
      ['not for other bytes', { ca: Buffer.from('ca') }, { ca: Buffer.from('cb') }, false],
      ['not for a longer list', { ca: ['a'] }, { ca: ['a', 'b'] }, false],
      ['not for a list in place of its members', { ca: ['a'] }, { ca: { 0: 'a' } }, false],
      [
        'not for another function',
        { checkServerIdentity: check },
        { checkServerIdentity: () => undefined },
        false,
      ],
      [
        'not for another context',
        { secureContext: context },
        { secureContext: createSecureContext() },
        false,
      ],
      ['not for another name of the same number', { minDHSize: 1 }, { timeout: 1 }, false],
    ] as const) {
      it(what, () => {
        const back = (given: object): BackOptions => ({ url: URL, tls: given });
        const backend = new Backend(resolveBack(back(tls)), RULES);
        expect(backend.isFor(resolveBack(back(other)), RULES)).to.equal(same);
      });
    }

    it('not for other rules', () => {
      const backend = new Backend(resolveBack(URL), RULES);
      expect(backend.isFor(resolveBack(URL), { ...RULES })).to.equal(true);
      expect(backend.isFor(resolveBack(URL), { ...RULES, openMs: 2 })).to.equal(false);
    });
  });

  it('loses its connections when it is there twice and is to be there once', async () => {
    const sockets = new Set<net.Socket>();
    const application = http.createServer((_request, response) => response.end('fine'));
    application.on('connection', (socket: net.Socket) => {
      sockets.add(socket);
      socket.once('close', () => sockets.delete(socket));
    });
    application.listen(0, '127.0.0.1');
    await once(application, 'listening');
    const url = `http://127.0.0.1:${(application.address() as net.AddressInfo).port}`;
    const proxy = createProxy({ backs: [url, url] });
    const { port } = await proxy.listen({ port: 0, host: '127.0.0.1', tls: false, sniff: true });
    for (let i = 0; i < 2; i++) {
      const [response] = await once(
        http.get({ port, host: '127.0.0.1', agent: false }),
        'response',
      );
      await once((response as http.IncomingMessage).resume(), 'close');
    }
    expect(proxy.statistics.map(({ requests }) => requests)).to.deep.equal([1, 1]);
    const [one, two] = [...sockets];
    expect(sockets.size).to.equal(2);
    const closed = Promise.race([one, two].map((socket) => once(socket as net.Socket, 'close')));
    proxy.update({ backs: [url] });
    await closed;
    expect(proxy.statistics.map(({ requests }) => requests)).to.deep.equal([1]);
    proxy.destroy();
    application.close();
    application.closeAllConnections();
  });
});
