import { once } from 'node:events';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import tls from 'node:tls';
import { expect } from 'chai';
import type { RequestOptions } from '../../../../lib/http/client/request/options.ts';
import { SPDY3_1 } from '../../../../lib/protocol/version.ts';
import { sharedCertificate } from '../../../support/session-pair.ts';
import { type OriginServer, Stage, textOf } from '../../support/origin-server.ts';

describe('http/client/connection/request-connection', () => {
  const stage = new Stage();
  afterEach(() => stage.end());

  const get = async (
    agent: ReturnType<Stage['agent']>,
    server: OriginServer,
    options: RequestOptions,
  ): Promise<string> => {
    const [response] = await once(agent.get(server.url(), options), 'response');
    return textOf(response);
  };

  it('takes lookup for a new session; one that is there serves whatever the lookup (as http)', async () => {
    const server = await stage.server();
    const agent = stage.agent();
    const asked: string[] = [];
    const lookup: net.LookupFunction = (hostname, { all }, done) => {
      asked.push(hostname);
      if (all === true) done(null, [{ address: '127.0.0.1', family: 4 }]);
      else done(null, '127.0.0.1', 4);
    };
    expect(await get(agent, server, { lookup })).to.equal('hello');
    const other: net.LookupFunction = (...args) => lookup(...args);
    expect(await get(agent, server, { lookup: other })).to.equal('hello');
    expect(asked).to.deep.equal(['localhost']);
    expect(server.sessions).to.have.length(1);
  });

  it('fails with the error of a lookup', async () => {
    const server = await stage.server();
    const lookup: net.LookupFunction = (_hostname, _options, done) =>
      done(Object.assign(new Error('no name'), { code: 'ENOTFOUND' }), '', 4);
    const request = stage.agent().get(server.url(), { lookup });
    const [error] = await once(request, 'error');
    expect(error).to.include({ code: 'ENOTFOUND' });
  });

  it('makes a session of its own for another family or local address', async () => {
    const server = await stage.server();
    const agent = stage.agent();
    await get(agent, server, { family: 4 });
    await get(agent, server, { family: 4 });
    await get(agent, server, { localAddress: '127.0.0.1', family: 4 });
    expect(server.sessions).to.have.length(2);
    const request = agent.get(server.url(), { localAddress: 'nowhere' });
    const [error] = await once(request, 'error');
    expect(error).to.include({ code: 'ERR_INVALID_IP_ADDRESS' });
  });

  if (process.platform !== 'win32')
    it('connects to a unix socket', async () => {
      const server = await stage.server();
      const socketPath = path.join(tmpdir(), `spdylay-${process.pid}-${server.port}.sock`);
      const bridge = net.createServer((socket) => {
        const onward = net.connect(server.port, '127.0.0.1');
        socket.on('error', () => onward.destroy()).on('close', () => onward.destroy());
        onward.on('error', () => socket.destroy()).on('close', () => socket.destroy());
        socket.pipe(onward).pipe(socket);
      });
      bridge.listen(socketPath);
      await once(bridge, 'listening');
      expect(await get(stage.agent(), server, { socketPath })).to.equal('hello');
      bridge.close();
    });

  for (const way of ['returns', 'promises', 'calls back with'] as const) {
    it(`speaks TLS in what createConnection ${way}`, async () => {
      const server = await stage.server();
      let calls = 0;
      const createConnection: RequestOptions['createConnection'] = (options, done) => {
        calls++;
        expect(options).to.include({ host: 'localhost', port: server.port });
        const socket = net.connect(server.port, '127.0.0.1');
        if (way === 'promises') return Promise.resolve(socket);
        if (way === 'returns') return socket;
        done(null, socket);
        return undefined;
      };
      const agent = stage.agent();
      expect(await get(agent, server, { createConnection })).to.equal('hello');
      expect(await get(agent, server, { createConnection })).to.equal('hello');
      expect(calls).to.equal(1);
      expect(agent.statistics[0]?.protocol).to.equal('spdy/3.1');
    });
  }

  it('takes a TLS socket of createConnection as it is, ready or not', async () => {
    const server = await stage.server();
    const agent = stage.agent();
    const { cert } = sharedCertificate();
    const early: RequestOptions['createConnection'] = (options) =>
      tls.connect({ ...options, ca: cert });
    expect(await get(agent, server, { createConnection: early })).to.equal('hello');
    const late: RequestOptions['createConnection'] = (options, done) => {
      const socket = tls.connect({ ...options, ca: cert });
      socket.once('secureConnect', () => done(null, socket));
      return undefined;
    };
    expect(await get(agent, server, { createConnection: late })).to.equal('hello');
    expect(agent.statistics.map(({ protocol }) => protocol)).to.deep.equal([
      'spdy/3.1',
      'spdy/3.1',
    ]);
    const plain: RequestOptions['createConnection'] = ({ host, port }) =>
      tls.connect({ host: host as string, port, ca: cert });
    expect(await get(agent, server, { createConnection: plain })).to.equal('one');
    expect(agent.statistics[2]?.protocol).to.equal('http/1.1');
  });

  it('fails with what createConnection throws or calls back with', async () => {
    const server = await stage.server({ plain: SPDY3_1 });
    const agent = stage.agent({ version: 'spdy/3.1' });
    const failures: NonNullable<RequestOptions['createConnection']>[] = [
      () => {
        throw new Error('none today');
      },
      (_options, done) => {
        done(new Error('none today'));
        return undefined;
      },
    ];
    for (const createConnection of failures) {
      const [error] = await once(agent.get(server.url(), { createConnection }), 'error');
      expect((error as Error).message).to.equal('none today');
    }
    const nothing = agent.get(server.url(), { createConnection: () => ({}) as never });
    const [error] = await once(nothing, 'error');
    expect(error).to.include({ code: 'ERR_SPDY_INVALID_ARGUMENT' });
  });

  it('is refused where a proxy makes the connection', () => {
    const agent = stage.agent({ proxy: 'http://127.0.0.1:1' });
    expect(() => agent.get('https://a/', { family: 6 })).to.throw(
      'request(): family leads nowhere, a proxy makes the connection',
    );
  });

  it('tells sessions apart by functions of TLS', async () => {
    const server = await stage.server();
    const agent = stage.agent();
    const asked: string[] = [];
    const first = (): undefined => void asked.push('first');
    const second = (): Error => new Error('not this server');
    expect(await get(agent, server, { tls: { checkServerIdentity: first } })).to.equal('hello');
    expect(await get(agent, server, { tls: { checkServerIdentity: first } })).to.equal('hello');
    const request = agent.get(server.url(), { tls: { checkServerIdentity: second } });
    const [error] = await once(request, 'error');
    expect((error as Error).message).to.include('not this server');
    expect(asked).to.deep.equal(['first']);
  });
});
