import { once } from 'node:events';
import net from 'node:net';
import { Readable } from 'node:stream';
import tls from 'node:tls';
import { expect } from 'chai';
import type { SpdyRequest } from '../../../../lib/http/server/exchange/request.ts';
import type { SpdyResponse } from '../../../../lib/http/server/exchange/response.ts';
import type { ServerSocket } from '../../../../lib/http/server/exchange/socket.ts';
import { closed, until } from '../../../support/session-pair.ts';
import { ask, endAll, head, reply, serve, WAYS, type Way } from '../../support/http-support.ts';

const PLAIN = WAYS[1] as Way;

function socketOf(request: SpdyRequest): ServerSocket {
  return request.socket as unknown as ServerSocket;
}

/** Members that read and write bytes of the connection, or change it for all of its streams. */
const OF_THE_CONNECTION = new Set([
  'connect',
  'disableRenegotiation',
  'parser',
  'pipe',
  'push',
  'renegotiate',
  'setKeyCert',
  'setMaxSendFragment',
  'setServername',
  'getTypeOfService',
  'setSession',
  'setTypeOfService',
  'ssl',
  'unpipe',
  'unshift',
  'wrap',
]);

/** Public members of a socket, but for those of every stream that take its bytes (`map()`, `toArray()`...). */
function membersOf(native: tls.TLSSocket): string[] {
  const names = new Set<string>();
  let object: object = native;
  while (object !== Object.prototype) {
    for (const name of Object.getOwnPropertyNames(object)) names.add(name);
    object = Object.getPrototypeOf(object) as object;
  }
  const taking = new Set(Object.getOwnPropertyNames(Readable.prototype));
  const kept = [...names].filter((name) => !/^_|^constructor$/.test(name));
  return kept.filter((name) => !taking.has(name) || READING.test(name));
}

/** What of a Readable tells something. */
const READING =
  /^readable|^destroy|^closed$|^errored$|^pause$|^isPaused$|^resume$|^read$|^setEncoding$/;

describe('socket of a request', () => {
  afterEach(endAll);

  const idioms: Readonly<Record<string, (request: SpdyRequest, response: SpdyResponse) => void>> = {
    'request.destroy()': (request) => request.destroy(),
    'request.socket.destroy()': (request) => request.socket.destroy(),
    'request.socket.destroySoon()': (request) => request.socket.destroySoon(),
    'request.socket.end()': (request) => request.socket.end(),
    'response.destroy()': (_request, response) => response.destroy(),
  };
  for (const [title, destroy] of Object.entries(idioms)) {
    for (const way of WAYS.filter(({ tls }) => !tls)) {
      it(`lets a complete reply leave before ${title}, ${way.version.name}`, async () => {
        const { session, end } = await serve(way, (request, response) => {
          request.on('error', () => {});
          request.once('data', () => {
            response.writeHead(413);
            response.end('too large');
            destroy(request, response);
          });
        });
        for (let i = 0; i < 10; i++) {
          const stream = session.request(head('/', {}, 'POST'));
          stream.write(Buffer.alloc(30_000));
          const { status, body } = await reply(stream);
          expect([status, body.toString()]).to.deep.equal(['413 Payload Too Large', 'too large']);
          // What the client has still to send is of no use.
          stream.end();
          await closed(stream);
          expect(stream.rstStatus).to.equal(5);
        }
        await end();
      });
    }
  }

  it('emits the error that it is destroyed with, then close; the client sees INTERNAL_ERROR', async () => {
    const heard: unknown[] = [];
    const { session, end } = await serve(PLAIN, (request) => {
      const { socket } = request;
      socket.on('error', (error) => heard.push(error.message));
      socket.on('close', (hadError) => heard.push(hadError));
      socket.destroy(new Error('boom'));
      expect(socket.destroyed).to.equal(true);
    });
    const stream = session.request(head(), { endStream: true });
    await once(stream, 'error');
    expect(stream.rstStatus).to.equal(6);
    await until(() => heard.length === 2);
    expect(heard).to.deep.equal(['boom', true]);
    await end();
  });

  it('hurts nobody who does not listen for its error', async () => {
    const { session, end } = await serve(PLAIN, (request, response) => {
      if (request.url === '/') response.end('on');
      else request.socket.destroy(new Error('boom'));
    });
    const stream = session.request(head('/destroyed'), { endStream: true });
    await once(stream, 'error');
    expect((await ask(session)).body.toString()).to.equal('on');
    await end();
  });

  it('has what middleware reads', async () => {
    const seen: unknown[] = [];
    const { server, session, end } = await serve(PLAIN, (request, response) => {
      const socket = socketOf(request);
      seen.push(socket.server, socket.encrypted, socket.bytesWritten);
      socket.encrypted = true;
      seen.push(socket.encrypted);
      request.resume().on('end', () => {
        response.cork();
        response.cork();
        seen.push(response.writableCorked);
        for (let i = 0; i < 3; i++) socket.uncork();
        response.write('12');
        response.end('345');
        seen.push(socket.bytesRead, socket.bytesWritten);
      });
    });
    await ask(session, '/', { body: '1234' });
    expect(seen).to.deep.equal([server, false, 0, true, 2, 4, 5]);
    await end();
  });

  for (const way of [WAYS[0] as Way, PLAIN]) {
    it(`has all members of the sockets of Node that tell something, ${way.title}`, async () => {
      const native = new tls.TLSSocket(new net.Socket());
      const { session, end } = await serve(way, (request, response) => {
        const socket: unknown = request.socket;
        const missing = membersOf(native).filter((name) => !(name in (socket as object)));
        response.end(missing.filter((name) => !OF_THE_CONNECTION.has(name)).join(' '));
      });
      native.destroy();
      expect((await ask(session)).body.toString()).to.equal('');
      await end();
    });
  }

  it('tells of the stream what a socket tells of its connection', async () => {
    const seen: unknown[] = [];
    const { session, end } = await serve(PLAIN, (request, response) => {
      const socket = socketOf(request);
      const look = (): void => {
        const { writableEnded, readableEnded, errored, bufferSize, timeout } = socket;
        seen.push({ writableEnded, readableEnded, errored, bufferSize, timeout });
      };
      look();
      socket.setTimeout(60_000).setEncoding().setDefaultEncoding();
      expect([socket.isPaused(), socket.read(), socket.readableBuffer]).to.deep.equal([
        false,
        null,
        [],
      ]);
      request.resume().on('end', () => {
        response.end('answer');
        look();
      });
    });
    await ask(session, '/', { body: '1234' });
    const rest = { errored: null, bufferSize: 0 };
    expect(seen).to.deep.equal([
      { ...rest, writableEnded: false, readableEnded: false, timeout: undefined },
      { ...rest, writableEnded: true, readableEnded: true, bufferSize: 6, timeout: 60_000 },
    ]);
    await end();
  });

  it('tells what TLS knows', async () => {
    const seen: unknown[] = [];
    const { session, end } = await serve(WAYS[0] as Way, (request, response) => {
      const socket = socketOf(request);
      seen.push(
        socket.exportKeyingMaterial(16, 'EXPORTER-x', Buffer.alloc(0)),
        (session.socket as tls.TLSSocket).exportKeyingMaterial(16, 'EXPORTER-x', Buffer.alloc(0)),
        socket.getX509Certificate()?.subject,
        socket
          .getPeerFinished()
          ?.equals((session.socket as tls.TLSSocket).getFinished() ?? Buffer.of()),
      );
      response.end();
    });
    await ask(session);
    expect(seen[0]).to.deep.equal(seen[1]);
    expect(seen.slice(2)).to.deep.equal(['CN=localhost', true]);
    await end();
  });

  it('takes no bytes', async () => {
    const codes: unknown[] = [];
    const { session, end } = await serve(PLAIN, (request, response) => {
      for (const action of [() => request.socket.write('x'), () => request.socket.end('x')]) {
        try {
          action();
        } catch (error) {
          codes.push((error as NodeJS.ErrnoException).code);
        }
      }
      response.end();
    });
    await ask(session);
    expect(codes).to.deep.equal(['ERR_SPDY_INVALID_STATE', 'ERR_SPDY_INVALID_STATE']);
    await end();
  });
});
