import { once } from 'node:events';
import net, { type AddressInfo, type Socket } from 'node:net';
import { expect } from 'chai';
import { confirmEnd, resetSocket } from '../../../lib/common/network/socket-end.ts';

/** Above what the buffers of both sides take. */
const MUCH = 16 << 20;

/** Two ends of a TCP connection. */
async function connection(): Promise<[near: Socket, far: Socket]> {
  const server = net.createServer({ allowHalfOpen: true });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const far = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  const [near] = (await once(server, 'connection')) as [Socket];
  await once(far, 'connect').catch(() => {});
  server.close();
  for (const socket of [near, far]) socket.on('error', () => {});
  return [near, far];
}

/** How a socket sees its end, once it reads: 'end', or the code of an error. */
function outcome(socket: Socket): Promise<string> {
  return new Promise((resolve) => {
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(String(error.code)));
    socket.once('end', () =>
      confirmEnd(socket, (error) =>
        resolve(error === null ? 'end' : String((error as NodeJS.ErrnoException).code)),
      ),
    );
    socket.resume();
  });
}

describe('the end of a socket', () => {
  it('by FIN is an end, with bytes before it and without', async () => {
    for (const bytes of [0, 100_000]) {
      const [near, far] = await connection();
      near.end(Buffer.alloc(bytes));
      await once(near, 'finish');
      expect(await outcome(far), `${bytes}`).to.equal('end');
      near.destroy();
      far.destroy();
    }
  });

  it('by RST is none, also behind data that nobody has read, on every version of Node', async () => {
    for (const bytes of [0, 1, 100_000]) {
      const [near, far] = await connection();
      await new Promise((written) => near.write(Buffer.alloc(bytes), written));
      resetSocket(near);
      if (!near.closed) await once(near, 'close');
      expect(await outcome(far), `${bytes}`).to.equal('ECONNRESET');
      far.destroy();
    }
  });

  it('by RST behind FIN closes the socket, also while FIN is under way, and without an error', async () => {
    for (const bytes of [0, 1]) {
      const [near, far] = await connection();
      far.resume();
      const closed = new Promise<boolean>((done) => near.once('close', done));
      near.resume().end(Buffer.alloc(bytes));
      resetSocket(near);
      expect(await closed, `${bytes}`).to.equal(false);
      far.destroy();
    }
  });

  it('is an end although something waits to be written, and cannot be asked behind its own', async () => {
    const [near, far] = await connection();
    far.write(Buffer.alloc(MUCH));
    near.end('all');
    expect(far.writableLength).to.be.above(0);
    expect(await outcome(far)).to.equal('end');
    near.destroy();
    far.destroy();
    const [there, here] = await connection();
    here.end();
    there.end();
    expect(await outcome(here)).to.equal('end');
    there.destroy();
  });

  it('made by resetSocket() waits for nothing, and is never seen as FIN', async () => {
    const [near, far] = await connection();
    near.write(Buffer.alloc(MUCH));
    expect(near.writableLength).to.be.above(0);
    resetSocket(near);
    await once(near, 'close');
    expect(await outcome(far)).to.equal('ECONNRESET');
    far.destroy();
  });
});
