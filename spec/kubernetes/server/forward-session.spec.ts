import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { expect } from 'chai';
import {
  type ForwardedConnection,
  forwardTo,
  type PortForwardHandler,
  type StreamingServerOptions,
} from '../../../lib/kubernetes/index.ts';
import { DEAD_PORT } from '../../support/dead-port.ts';
import {
  bytesOn,
  FORWARD_PATH,
  forwardStream,
  isAccepted,
  isFinished,
  type RawClient,
  rawClient,
  resetsOf,
  type ServedStreams,
  serveStreams,
  textOn,
} from '../../support/kubernetes-peer.ts';
import { closed, settle, until } from '../../support/session-pair.ts';

describe('Kubernetes server: port forwarding', () => {
  let served: ServedStreams | null = null;
  let client: RawClient | null = null;
  const targets: net.Server[] = [];

  async function start(
    handler: PortForwardHandler,
    options: StreamingServerOptions = {},
  ): Promise<RawClient> {
    served = await serveStreams({ portForward: handler }, options);
    client = await rawClient(served.port, FORWARD_PATH, { protocols: ['portforward.k8s.io'] });
    return client;
  }

  /** A TCP server, and its port. */
  async function target(serve: (socket: net.Socket) => void): Promise<number> {
    const server = net.createServer({ allowHalfOpen: true }, (socket) => {
      socket.on('error', () => {});
      serve(socket);
    });
    targets.push(server);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  }

  /** Opens the two streams of a connection; the error stream is finished at once, as clients do. */
  function open({ peer }: RawClient, first: number, port: number | string, id?: number): void {
    peer.send(
      peer.make.synStream(first, forwardStream('error', port, id)),
      peer.make.data(first, '', 1),
      peer.make.synStream(first + 2, forwardStream('data', port, id)),
    );
  }

  const echo: PortForwardHandler = ({ stream }) => pipeline(stream, stream);

  afterEach(async () => {
    client?.socket.destroy();
    await served?.stop();
    served = client = null;
    for (const server of targets.splice(0)) server.close();
  });

  describe('pairs', () => {
    it('belong together by their request id, in any order', async () => {
      const { peer } = await start(echo);
      const { make } = peer;
      peer.send(
        make.synStream(1, forwardStream('data', 80, 1)),
        make.data(1, 'first'),
        make.synStream(3, forwardStream('data', 80, 0)),
        make.data(3, 'second', 1),
        make.synStream(5, forwardStream('error', 80, 0)),
        make.synStream(7, forwardStream('error', 80, 1)),
        make.data(1, ' one', 1),
      );
      expect(await textOn(peer, 1)).to.equal('first one');
      expect(await textOn(peer, 3)).to.equal('second');
      expect(await textOn(peer, 5)).to.equal('');
      expect(await textOn(peer, 7)).to.equal('');
      expect(peer.frames[0]?.headers).to.deep.equal([]);
    });

    it('without an id belong together when their stream ids follow each other', async () => {
      const raw = await start(echo);
      const { peer } = raw;
      open(raw, 1, 80);
      open(raw, 5, 80);
      peer.send(peer.make.data(7, 'b', 1), peer.make.data(3, 'a', 1));
      expect(await textOn(peer, 3)).to.equal('a');
      expect(await textOn(peer, 7)).to.equal('b');
    });

    it('tell the handler what they are for', async () => {
      const seen: ForwardedConnection[] = [];
      const raw = await start((connection) => {
        seen.push(connection);
      });
      open(raw, 1, 65535, 0);
      open(raw, 5, '0080', 1);
      await textOn(raw.peer, 5);
      expect(seen.map(({ port }) => port)).to.deep.equal([65535, 80]);
      expect(seen[0]).to.include({ namespace: 'ns', pod: 'p1', uid: null });
      expect(seen[0]?.request.url).to.equal(FORWARD_PATH);
    });

    it('with a wrong type or port are refused without SYN_REPLY', async () => {
      const { peer } = await start(echo);
      const wrong = [
        forwardStream('data', 0, 0),
        forwardStream('data', 70000, 0),
        forwardStream('data', -1, 0),
        forwardStream('data', 'http', 0),
        forwardStream('data', '', 0),
        forwardStream('stdin', 80, 0),
        [['streamtype', 'data']] as const,
        [['port', '80']] as const,
        [],
      ];
      peer.send(...wrong.map((headers, i) => peer.make.synStream(2 * i + 1, headers)));
      await peer.frame('RST_STREAM', wrong.length);
      expect(peer.names).to.deep.equal(wrong.map(() => 'RST_STREAM'));
      expect(peer.frames.every(({ frame }) => frame.status === 5)).to.equal(true);
    });

    it('with a second stream of one kind fail, and no other does', async () => {
      const raw = await start(echo);
      const { peer } = raw;
      open(raw, 1, 80, 0);
      open(raw, 5, 80, 1);
      peer.send(peer.make.data(3, 'a'));
      await until(() => bytesOn(peer, 3).length > 0);
      peer.send(peer.make.synStream(9, forwardStream('data', 80, 0)));
      expect(await textOn(peer, 1)).to.include('a second data stream');
      expect(resetsOf(peer, 9)).to.deep.equal([5]);
      expect(isFinished(peer, 3)).to.equal(true);
      peer.send(peer.make.data(7, 'b', 1));
      expect(await textOn(peer, 7)).to.equal('b');
    });

    it('that stay incomplete fail: text on the error stream, FIN on the data stream', async () => {
      const { peer } = await start(echo, { streamCreationTimeoutMs: 20, endTimeoutMs: 20 });
      peer.send(peer.make.synStream(1, forwardStream('error', 80, 0)));
      expect(await textOn(peer, 1)).to.include('20 ms');
      peer.send(peer.make.synStream(3, forwardStream('data', 80, 1)));
      expect(await textOn(peer, 3)).to.equal('');
      await until(() => resetsOf(peer, 3).length === 1);
    });

    it('whose half is reset are forgotten', async () => {
      const raw = await start(echo);
      const { peer } = raw;
      peer.send(peer.make.synStream(1, forwardStream('error', 80, 0)));
      await until(() => isAccepted(peer, 1));
      peer.send(peer.make.rstStream(1, 5));
      await settle();
      open(raw, 3, 80, 0);
      peer.send(peer.make.data(5, 'again', 1));
      expect(await textOn(peer, 5)).to.equal('again');
    });

    it('are limited: streams of more are refused', async () => {
      const raw = await start(echo, { maxConnections: 2 });
      open(raw, 1, 80, 0);
      open(raw, 5, 80, 1);
      open(raw, 9, 80, 2);
      await raw.peer.frame('RST_STREAM', 2);
      expect([...resetsOf(raw.peer, 9), ...resetsOf(raw.peer, 11)]).to.deep.equal([3, 3]);
    });
  });

  describe('connections', () => {
    it('that fail tell why, and harm no other', async () => {
      const raw = await start(({ port, stream }) => {
        if (port === 9) throw new Error('nobody listens');
        return pipeline(stream, stream);
      });
      const { peer } = raw;
      open(raw, 1, 9, 0);
      expect(await textOn(peer, 1)).to.equal(
        'error forwarding port 9 to pod p1, uid : nobody listens',
      );
      expect(await textOn(peer, 3)).to.equal('');
      expect(served?.errors).to.have.length(1);
      open(raw, 5, 80, 1);
      peer.send(peer.make.data(7, 'b', 1));
      expect(await textOn(peer, 7)).to.equal('b');
    });

    it('may get data behind RST_STREAM and FIN', async () => {
      const raw = await start(echo);
      const { peer } = raw;
      open(raw, 1, 80, 0);
      open(raw, 5, 80, 1);
      const { make } = peer;
      peer.send(make.data(3, 'a', 1), make.data(3, 'late'), make.rstStream(7, 5));
      peer.send(make.data(7, 'late'), make.ping(1));
      expect(await textOn(peer, 3)).to.equal('a');
      await peer.frame('PING');
      expect(peer.names).to.not.include('GOAWAY');
    });

    it('that the client resets, or leaves, fire the signal', async () => {
      const signals: AbortSignal[] = [];
      const raw = await start(async ({ signal }) => {
        signals.push(signal);
        await once(signal, 'abort');
      });
      open(raw, 1, 80, 0);
      open(raw, 5, 80, 1);
      await until(() => signals.length === 2);
      raw.peer.send(raw.peer.make.rstStream(3, 5));
      await until(() => signals[0]?.aborted === true);
      expect(signals[1]?.aborted).to.equal(false);
      raw.peer.send(raw.peer.make.goaway(0));
      await closed(raw.socket);
      expect(signals[1]?.aborted).to.equal(true);
      await until(() => served?.streaming.sessions === 0);
      expect(served?.errors).to.deep.equal([]);
    });

    it('that both sides have ended do not', async () => {
      const signals: AbortSignal[] = [];
      const raw = await start((connection) => {
        signals.push(connection.signal);
        return echo(connection);
      });
      open(raw, 1, 80, 0);
      raw.peer.send(raw.peer.make.data(3, 'a', 1));
      await textOn(raw.peer, 1);
      await settle();
      expect(signals[0]?.aborted).to.equal(false);
    });

    it('whose client does not end are reset after a time', async () => {
      const raw = await start(({ stream }) => void stream.end('bye'), { endTimeoutMs: 20 });
      open(raw, 1, 80, 0);
      expect(await textOn(raw.peer, 3)).to.equal('bye');
      await until(() => resetsOf(raw.peer, 3).length === 1);
      expect(resetsOf(raw.peer, 3)).to.deep.equal([5]);
      expect(resetsOf(raw.peer, 1)).to.deep.equal([]);
    });
  });

  describe('forwardTo()', () => {
    it('keeps a direction open when the other one has ended', async () => {
      const port = await target((socket) => {
        let text = '';
        socket.on('data', (chunk) => {
          text += String(chunk);
        });
        socket.on('end', () => socket.end(`got ${text}`));
      });
      const raw = await start(forwardTo());
      open(raw, 1, port, 0);
      raw.peer.send(raw.peer.make.data(3, 'a question', 1));
      expect(await textOn(raw.peer, 3)).to.equal('got a question');
      expect(await textOn(raw.peer, 1)).to.equal('');
    });

    it('brings what the client still sends after the end of the target', async () => {
      let got = '';
      const port = await target((socket) => {
        socket.end('only this');
        socket.on('data', (chunk) => {
          got += String(chunk);
        });
      });
      const raw = await start(forwardTo({ port }));
      open(raw, 1, 80, 0);
      expect(await textOn(raw.peer, 3)).to.equal('only this');
      raw.peer.send(raw.peer.make.data(3, 'thanks', 1));
      expect(await textOn(raw.peer, 1)).to.equal('');
      await until(() => got === 'thanks');
    });

    it('takes no pause of its own process for silence of the target', async () => {
      const port = await target((socket) => socket.pipe(socket));
      const handler = forwardTo();
      const raw = await start((connection) => {
        const done = handler(connection);
        // Longer than the time after which Node by itself gives up the first of several addresses.
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 600);
        return done;
      });
      open(raw, 1, port, 0);
      raw.peer.send(raw.peer.make.data(3, 'still there', 1));
      expect(await textOn(raw.peer, 3)).to.equal('still there');
      expect(await textOn(raw.peer, 1)).to.equal('');
    });

    it('tells when nobody listens', async () => {
      const raw = await start(forwardTo());
      open(raw, 1, DEAD_PORT, 0);
      expect(await textOn(raw.peer, 1)).to.include('ECONNREFUSED');
    });

    it('tells when the target breaks the connection', async () => {
      const port = await target((socket) => socket.once('data', () => socket.resetAndDestroy()));
      const raw = await start(forwardTo());
      open(raw, 1, port, 0);
      raw.peer.send(raw.peer.make.data(3, 'a'));
      expect(await textOn(raw.peer, 1)).to.include('ECONNRESET');
    });

    it('closes the connection when the client resets its stream or leaves', async () => {
      const sockets: net.Socket[] = [];
      const port = await target((socket) => {
        sockets.push(socket.resume());
        socket.on('end', () => socket.end());
      });
      const raw = await start(forwardTo());
      open(raw, 1, port, 0);
      open(raw, 5, port, 1);
      await until(() => sockets.length === 2);
      raw.peer.send(raw.peer.make.rstStream(3, 5));
      await until(() => sockets.filter(({ closed }) => closed).length === 1);
      raw.socket.destroy();
      await until(() => sockets.every(({ closed }) => closed));
      await until(() => served?.streaming.sessions === 0);
      expect(served?.errors).to.deep.equal([]);
    });
  });
});
