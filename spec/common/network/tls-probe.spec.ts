import { once } from 'node:events';
import net, { type AddressInfo, type Socket } from 'node:net';
import tls from 'node:tls';
import { expect } from 'chai';
import { Deadline } from '../../../lib/common/deadline.ts';
import { speaksTls, watchForTls } from '../../../lib/common/network/tls-probe.ts';
import { sharedCertificate } from '../../support/session-pair.ts';

/** The first frame of a client of SPDY/3: SETTINGS with two entries. */
const SETTINGS = Buffer.from('80030004000000140000000200000004000000640000000700010000', 'hex');

describe('common/network/tls-probe', () => {
  let server: net.Server;
  let client: Socket;
  const accepted: Socket[] = [];

  afterEach(() => {
    client?.destroy();
    for (const socket of accepted.splice(0)) socket.destroy();
    server.close();
  });

  async function listen(made: net.Server): Promise<net.NetConnectOpts & { port: number }> {
    server = made;
    server.on('connection', (socket: Socket) => {
      socket.on('error', () => {});
      accepted.push(socket);
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    return { host: '127.0.0.1', port: (server.address() as AddressInfo).port };
  }

  it('ends a connection without TLS to a server of TLS, which says nothing to SPDY/3', async () => {
    const place = await listen(tls.createServer(sharedCertificate()));
    client = net.connect(place);
    client.write(SETTINGS);
    await once(client, 'connect');
    watchForTls(client, 1);
    const [error] = (await once(client, 'error')) as [NodeJS.ErrnoException];
    expect(error.code).to.equal('ERR_SPDY_NOT_SPDY');
    expect(error.message).to.equal('the server speaks TLS, and was asked without it');
  });

  it('leaves one to a server that says nothing to TLS either', async () => {
    const place = await listen(net.createServer());
    client = net.connect(place);
    await Promise.all([once(server, 'connection'), once(client, 'connect')]);
    watchForTls(client, 1);
    const [asked] = (await once(server, 'connection')) as [Socket];
    asked.resume().end('no TLS');
    await once(asked, 'close');
    expect(client.destroyed).to.equal(false);
  });

  it('leaves one alone that has brought something, that is over, or that is no plain one', async () => {
    const place = await listen(net.createServer((socket) => socket.write('a')));
    client = net.connect(place);
    await once(client, 'data');
    watchForTls(client, 1);
    const over = net.connect(place);
    await once(over, 'data');
    watchForTls(over, 1);
    over.destroy();
    await once(over, 'close');
    watchForTls(null, 1);
    watchForTls(Object.assign(new net.Socket(), { encrypted: true }), 1);
    // One that has no connection yet, or is a unix socket, has no address.
    const unconnected = new net.Socket();
    watchForTls(unconnected, 1);
    // Those of the others were started before.
    await new Promise<void>((resolve) => new Deadline().start(1, resolve));
    expect(accepted).to.have.length(2);
    expect(client.destroyed).to.equal(false);
    expect(unconnected.destroyed).to.equal(false);
    unconnected.destroy();
  });

  it('takes an alert for TLS, and neither another answer nor none', async () => {
    const { key, cert } = sharedCertificate();
    const old = tls.createServer({
      key,
      cert,
      maxVersion: 'TLSv1.2',
      ciphers: 'ECDHE-ECDSA-AES128-GCM-SHA256',
    });
    expect(await speaksTls(await listen(old), 60_000)).to.equal(true);
    server.close();
    expect(
      await speaksTls(await listen(net.createServer((socket) => socket.end('text'))), 60_000),
    ).to.equal(false);
    server.close();
    expect(await speaksTls(await listen(net.createServer()), 1)).to.equal(false);
  });
});
