import { spawnSync } from 'node:child_process';
import { expect } from 'chai';
import { CLIENT } from '../../lib/protocol/constants.ts';
import { Session } from '../../lib/session/session.ts';
import { tcpConnection } from '../support/session-pair.ts';

describe('session: ref() and unref()', () => {
  it('reach the socket, now or when it comes', async () => {
    const { client, server } = await tcpConnection();
    const calls: string[] = [];
    client.ref = () => {
      calls.push('ref');
      return client;
    };
    client.unref = () => {
      calls.push('unref');
      return client;
    };
    const session = new Session(CLIENT, 4).unref();
    session.attach(client);
    session.ref().unref();
    expect(calls).to.deep.equal(['unref', 'ref', 'unref']);
    session.destroy();
    server.destroy();
  });

  it('let a process end that has nothing else to do, in spite of timers', () => {
    const program = `
      import net from 'node:net';
      import { Session } from ${JSON.stringify(new URL('../../lib/index.js', import.meta.url).href)};
      const server = net.createServer((socket) => new Session(2, 4).attach(socket).unref());
      server.listen(0, '127.0.0.1', () => {
        const options = { keepAlive: { intervalMs: 10000, timeoutMs: 10000 }, idleTimeoutMs: 30000 };
        const session = new Session(1, 4, options).attach(net.connect(server.address().port, '127.0.0.1'));
        session.ping((error) => {
          console.log(error === null ? 'pong' : error.message);
          session.unref();
          server.close();
        });
      });`;
    const args = ['--input-type=module', '-e', program];
    const result = spawnSync(process.execPath, args, { timeout: 50_000, encoding: 'utf8' });
    expect(result.stderr).to.equal('');
    expect([result.stdout, result.status]).to.deep.equal(['pong\n', 0]);
  });
});
