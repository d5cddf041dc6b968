import { once } from 'node:events';
import { expect } from 'chai';
import type { SpdyRequest } from '../../../lib/http/server/request.ts';
import type { SpdyResponse } from '../../../lib/http/server/response.ts';
import type { ServerSocket } from '../../../lib/http/server/socket.ts';
import { closed, until } from '../../support/session-pair.ts';
import { ask, head, reply, serve, WAYS, type Way } from '../support/http-support.ts';

const PLAIN = WAYS[1] as Way;

function socketOf(request: SpdyRequest): ServerSocket {
  return request.socket as unknown as ServerSocket;
}

describe('socket of a request', () => {
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
        seen.push(response.writableCorked);
        response.write('12');
        response.end('345');
        seen.push(socket.bytesRead, socket.bytesWritten);
      });
    });
    await ask(session, '/', { body: '1234' });
    expect(seen).to.deep.equal([server, false, 0, true, 0, 4, 5]);
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
