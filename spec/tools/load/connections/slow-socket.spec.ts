import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';
import { expect } from 'chai';
import { SlowSocket } from '../../../../lib/tools/load/connections/slow-socket.ts';

/** Both ends of a connection. */
interface Pair {
  readonly slow: SlowSocket;
  readonly socket: net.Socket;
  readonly peer: net.Socket;
}

describe('SlowSocket', () => {
  let server: net.Server;
  const open: net.Socket[] = [];

  async function pair(bytesPerSecond: number): Promise<Pair> {
    server = net.createServer({ allowHalfOpen: true });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const accepted = once(server, 'connection');
    const socket = net.connect((server.address() as AddressInfo).port, '127.0.0.1');
    const [peer] = (await accepted) as [net.Socket];
    peer.on('error', () => {});
    open.push(socket, peer);
    return { slow: new SlowSocket(socket, bytesPerSecond), socket, peer };
  }

  afterEach(async () => {
    for (const socket of open.splice(0)) socket.destroy();
    server.close();
    await once(server, 'close');
  });

  it('reads pieces with pauses between them, and all of it to the end', async () => {
    const { slow, peer } = await pair(2000);
    peer.end(Buffer.alloc(350, 'x'));
    const sizes: number[] = [];
    const begun = performance.now();
    slow.on('data', (chunk: Buffer) => sizes.push(chunk.length));
    await once(slow, 'end');
    expect(sizes).to.deep.equal([100, 100, 100, 50]);
    expect(performance.now() - begun).to.be.at.least(148);
    expect(slow.bytesRead).to.equal(350);
  });

  it('reads single bytes at rates below 20', async () => {
    const { slow, peer } = await pair(19.5);
    peer.end('abc');
    const chunks: string[] = [];
    slow.on('data', (chunk: Buffer) => chunks.push(String(chunk)));
    await once(slow, 'end');
    expect(chunks).to.deep.equal(['a', 'b', 'c']);
  });

  it('leaves the rest in the network, so that the sender has to wait', async () => {
    const { slow, peer } = await pair(100_000);
    let sent = false;
    peer.write(Buffer.alloc(64 << 20), () => {
      sent = true;
    });
    slow.on('data', () => {
      if (slow.bytesRead >= 20_000) slow.destroy();
    });
    await once(slow, 'close');
    expect(slow.bytesRead).to.equal(20_000);
    expect(sent).to.equal(false);
  });

  it('writes at once, and ends its side while the other one goes on', async () => {
    const { slow, peer } = await pair(1);
    slow.end('question');
    let text = '';
    for await (const chunk of peer) text += String(chunk);
    expect(text).to.equal('question');
    expect(slow.bytesWritten).to.equal(8);
    peer.end('x');
    slow.resume();
    await once(slow, 'end');
  });

  it('is closed with the socket, and tells its error whoever listens', async () => {
    const first = await pair(1);
    first.socket.destroy(new Error('lost'));
    await new Promise((done) => first.slow.once('close', done));
    expect(first.slow.errored?.message).to.equal('lost');
    server.close();
    const second = await pair(1);
    second.slow.destroy();
    await once(second.socket, 'close');
  });

  it('lets agents of HTTP set what they set on sockets', async () => {
    const { slow, socket } = await pair(1);
    expect(slow.setKeepAlive(true, 1000)).to.equal(slow);
    expect(slow.setTimeout(1234).unref().ref()).to.equal(slow);
    expect(socket.timeout).to.equal(1234);
  });
});
