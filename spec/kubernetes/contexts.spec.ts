import { AsyncLocalStorage } from 'node:async_hooks';
import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';
import { expect } from 'chai';
import { exec } from '../../lib/kubernetes/client/command/exec.ts';
import { portForward } from '../../lib/kubernetes/client/forward/port-forward.ts';
import { createFakeApiServer } from '../../lib/kubernetes/fake/api-server.ts';

describe('kubernetes: contexts', () => {
  const storage = new AsyncLocalStorage<number>();
  const echo = net.createServer((socket) => socket.pipe(socket));
  let fake: ReturnType<typeof createFakeApiServer>;

  before(async () => {
    await once(echo.listen(0, '127.0.0.1'), 'listening');
    const { port } = echo.address() as AddressInfo;
    fake = createFakeApiServer({ pods: ['shell', { name: 'web', ports: { 80: port } }] });
    await fake.listen();
  });
  after(async () => {
    await fake.close();
    echo.close();
  });

  /** Runs all at once, each in the context of its id, and expects that nothing was seen in another one. */
  async function each(
    count: number,
    run: (note: () => void, id: number) => Promise<void>,
  ): Promise<void> {
    const seen = new Map<number, Set<number | undefined>>();
    await Promise.all(
      Array.from({ length: count }, (_, id) => {
        const stores = new Set<number | undefined>();
        seen.set(id, stores);
        return storage.run(id, () => run(() => stores.add(storage.getStore()), id));
      }),
    );
    for (const [id, stores] of seen) expect([...stores]).to.deep.equal([id]);
  }

  for (const transport of ['spdy', 'websocket'] as const) {
    it(`what a command emits comes in that in which it was started (${transport})`, async () => {
      const { cluster } = fake;
      await each(4, async (note, id) => {
        const options = {
          cluster,
          pod: 'shell',
          command: ['cat'],
          stdin: true,
          transport,
        } as const;
        const command = await exec(options);
        note();
        command.stdout.on('data', note).on('end', note).on('close', note);
        command.stderr.on('end', note).resume();
        command.stdin.on('finish', note);
        command.stdin.write(`${id}`, note);
        command.stdin.end();
        await command.exited;
        note();
      });
    });
  }

  it('connections through one port-forward keep theirs apart', async () => {
    const forward = await portForward({ cluster: fake.cluster, pod: 'web' });
    await each(20, async (note, id) => {
      const connection = await forward.connect(80);
      note();
      connection.on('data', note).on('end', note).on('finish', note);
      connection.write(`${id}`, note);
      connection.end();
      await new Promise<void>((closed) => {
        connection.on('close', () => {
          note();
          closed();
        });
      });
    });
    await forward.close();
  });
});
