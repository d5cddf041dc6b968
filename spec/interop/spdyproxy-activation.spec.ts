import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect } from 'chai';
import { makeFolder, programFile, removeFolder } from '../cli/support/programs.ts';
import { peerPath, requirePeer } from './support/peers.ts';

describe('spdyproxy, started by systemd-socket-activate', () => {
  let folder: string;
  let back: string;
  let application: http.Server;
  let child: ChildProcess | undefined;

  before(async function () {
    requirePeer(this, 'systemd-socket-activate');
    folder = makeFolder({});
    application = http.createServer((request, response) => response.end(`got ${request.url}`));
    application.listen(0, '127.0.0.1');
    await once(application, 'listening');
    back = `http://127.0.0.1:${(application.address() as AddressInfo).port}`;
  });

  afterEach(() => child?.kill('SIGKILL'));

  after(() => {
    if (folder === undefined) return;
    application.close();
    application.closeAllConnections();
    removeFolder(folder);
  });

  /** Asks at a unix socket, by a connection of its own. */
  async function get(socketPath: string, path: string): Promise<string> {
    const request = http.get({ socketPath, path, agent: false });
    const [response] = (await once(request, 'response')) as [http.IncomingMessage];
    let text = '';
    for await (const chunk of response.setEncoding('utf8')) text += chunk;
    return text;
  }

  for (const workers of [0, 2]) {
    it(`answers the connection that has started it, and others (--workers ${workers})`, async () => {
      const socket = join(folder, `socket${workers}`);
      const program = ['-b', back, '--no-tls', '--workers', String(workers), 'systemd'];
      const args = ['-l', socket, process.execPath, programFile('spdyproxy'), ...program];
      const started = spawn(peerPath('systemd-socket-activate'), args, {
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      child = started;
      let log = '';
      started.stdout.on('data', (chunk) => {
        log += chunk;
      });
      let told = '';
      started.stderr.on('data', (chunk) => {
        told += chunk;
      });
      while (!told.includes('Listening')) await once(started.stderr, 'data');
      expect(await get(socket, '/first')).to.equal('got /first');
      for (let i = 0; i < 4; i++) expect(await get(socket, `/${i}`)).to.equal(`got /${i}`);
      while (!log.includes('to http/1.1')) await once(started.stdout, 'data');
      expect(log).to.include('Proxy at http+unix:inherited');
      const ended = once(started, 'close');
      started.kill('SIGTERM');
      expect((await ended)[0]).to.equal(0);
    });
  }
});
