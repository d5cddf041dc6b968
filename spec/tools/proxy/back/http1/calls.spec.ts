import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';
import type { Readable } from 'node:stream';
import { expect } from 'chai';
import type { HeaderList } from '../../../../../lib/protocol/frames.ts';
import type { BackCall, BackRequest } from '../../../../../lib/tools/proxy/back/back.ts';
import { clientClass } from '../../../../../lib/tools/proxy/back/http1/undici.ts';
import { Http1Back } from '../../../../../lib/tools/proxy/back/http1-back.ts';
import { resolveBack } from '../../../../../lib/tools/proxy/back/options.ts';
import type { Failure } from '../../../../../lib/tools/proxy/relay/failure.ts';

/** What became of a request. */
interface Outcome {
  status: number;
  body: string;
  trailers: HeaderList;
  /** Whether the body was whole. */
  whole: boolean;
  failure: Failure | null;
  informed: number[];
}

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi';

function requestFor(given: Partial<BackRequest> = {}): BackRequest {
  return {
    method: 'GET',
    scheme: 'http',
    authority: 'a',
    target: '/',
    fields: [],
    length: null,
    upgrade: null,
    urgency: 3,
    takesTrailers: false,
    takesPush: false,
    client: null,
    ...given,
  };
}

/** Sends a request; `sent` is called with it at once. */
function ask(
  back: Http1Back,
  given: Partial<BackRequest> = {},
  sent: (call: BackCall) => void = () => {},
): Promise<Outcome> {
  return new Promise((resolve) => {
    const informed: number[] = [];
    const base = { body: '', trailers: [], whole: true, failure: null, informed };
    const call = back.send(requestFor(given), {
      informed: (status) => informed.push(status),
      responded: ({ status }, body) => {
        if (body === null) {
          resolve({ ...base, status });
          return;
        }
        let text = '';
        body.stream.on('data', (piece: Buffer) => {
          text += piece.toString('latin1');
        });
        body.stream.once('close', () => {
          const whole = body.stream.errored === null;
          resolve({ ...base, status, body: text, whole, trailers: body.trailers() });
        });
      },
      switched: ({ status }, { stream }) => {
        stream.once('data', (piece: Buffer) => {
          resolve({ ...base, status, body: piece.toString('latin1') });
          stream.destroy();
        });
      },
      pushed: () => {},
      failed: (failure) => resolve({ ...base, status: 0, failure }),
    });
    sent(call);
  });
}

for (const [way, Client] of [
  ['undici', clientClass()],
  ['http.request()', null],
] as const)
  describe(`tools/proxy/back/http1-back: a request by ${way}`, () => {
    let server: net.Server;
    let back: Http1Back;
    /** What each connection has asked, in the order in which they came. */
    let asked: string[];
    let sockets: net.Socket[];
    /** Answers what came: the socket, its number, what came of it so far. */
    let answer: (socket: net.Socket, connection: number, text: string) => void;

    beforeEach(async () => {
      asked = [];
      sockets = [];
      answer = (socket) => socket.write(OK);
      server = net.createServer((socket) => {
        const connection = asked.push('') - 1;
        sockets.push(socket);
        socket.on('error', () => {});
        socket.on('data', (chunk) => {
          asked[connection] += chunk.toString('latin1');
          answer(socket, connection, asked[connection] as string);
        });
      });
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      back = backWith();
    });

    afterEach(() => {
      back.destroy();
      for (const socket of sockets) socket.destroy();
      server.close();
    });

    function backWith(options: object = {}): Http1Back {
      const { port } = server.address() as AddressInfo;
      return new Http1Back(resolveBack({ url: `http://127.0.0.1:${port}`, ...options }), Client);
    }

    it('says what is asked for, and how long the body is', async () => {
      await ask(back, { target: '/x?y', authority: 'b:1', fields: [['a', '1']] });
      await ask(back, { method: 'POST', length: 0, upgrade: 'b' });
      await ask(back, { method: 'PUT', length: 3 }, (call) => {
        call.write(Buffer.from('abc'));
        call.end([]);
      });
      answer = (socket, _connection, text) => {
        if (text.endsWith('0\r\nsum: 1\r\n\r\n')) socket.write(OK);
      };
      await ask(back, { method: 'PUT', length: -1 }, (call) => {
        call.write(Buffer.from('abc'));
        call.write(Buffer.alloc(0));
        call.write(Buffer.alloc(16, 'x'));
        call.end([['sum', '1']]);
      });
      const all = asked.join('').replaceAll(/connection: keep-alive\r\n/gi, '');
      expect(all).to.equal(
        'GET /x?y HTTP/1.1\r\nhost: b:1\r\na: 1\r\n\r\n' +
          'POST / HTTP/1.1\r\nhost: a\r\nconnection: Upgrade\r\nupgrade: b\r\ncontent-length: 0\r\n\r\n' +
          'PUT / HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\n\r\nabc' +
          'PUT / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n' +
          '3\r\nabc\r\n10\r\nxxxxxxxxxxxxxxxx\r\n0\r\nsum: 1\r\n\r\n',
      );
    });

    it('sends nothing whose target would end the line', () => {
      expect(() => back.send(requestFor({ target: '/a b' }), {} as never)).to.throw();
    });

    describe('a connection', () => {
      const again = async (text: string, given: Partial<BackRequest> = {}): Promise<number> => {
        answer = (socket) => socket.write(text);
        for (let i = 0; i < 2; i++) await ask(back, given);
        return asked.length;
      };

      for (const [what, text, given] of [
        ['an answer', OK, {}],
        ['an answer without a body', 'HTTP/1.1 204 No\r\n\r\n', {}],
        ['a head that tells of a body', 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n', 'HEAD'],
        [
          'a head that tells of chunks',
          'HTTP/1.1 304 No\r\nTransfer-Encoding: chunked\r\n\r\n',
          {},
        ],
        ['an empty body', 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n', {}],
        ['chunks', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n', {}],
        [
          'HTTP/1.0 that keeps it',
          'HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n',
          {},
        ],
      ] as const) {
        it(`is used again behind ${what}`, async () => {
          const options = typeof given === 'string' ? { method: given } : given;
          expect(await again(text, options)).to.equal(1);
        });
      }

      for (const [what, text] of [
        ['HTTP/1.0', 'HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n'],
        [
          'connection: close',
          'HTTP/1.1 200 OK\r\nConnection: a, Close\r\nContent-Length: 0\r\n\r\n',
        ],
        ['more than the answer', `${OK}HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx`],
        [
          'a time that is up',
          'HTTP/1.1 200 OK\r\nKeep-Alive: timeout=1\r\nContent-Length: 0\r\n\r\n',
        ],
      ] as const) {
        it(`is not used again behind ${what}`, async () => {
          expect(await again(text)).to.equal(2);
        });
      }

      it('is not used again for which an answer came that nobody has asked for', async () => {
        await ask(back);
        const [first] = sockets as [net.Socket];
        first.write(OK);
        await once(first, 'close');
        answer = (socket) => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nnew');
        expect((await ask(back)).body).to.equal('new');
        expect(asked.length).to.equal(2);
      });

      it('is not used again before all of the request was sent', async () => {
        let call: BackCall | null = null;
        await ask(back, { method: 'POST', length: 2 }, (it) => {
          call = it;
        });
        await ask(back);
        expect(asked.length).to.equal(2);
        answer = (socket, _connection, text) => {
          if (text.endsWith('\r\n\r\n')) socket.write(OK);
        };
        (call as unknown as BackCall).write(Buffer.from('hi'));
        (call as unknown as BackCall).end([]);
        await ask(back);
        expect(asked.length).to.equal(2);
      });

      it('ends when it was not used for its time', async () => {
        back.destroy();
        back = backWith({ idleTimeoutMs: 1 });
        await ask(back);
        const [first] = sockets as [net.Socket];
        if (!first.destroyed) await once(first, 'close');
      });

      it('ends with close() when it is not used, else behind its answer', async () => {
        await ask(back);
        back.close();
        const [first] = sockets as [net.Socket];
        if (!first.destroyed) await once(first, 'close');
        const { body } = await ask(back);
        expect(body).to.equal('hi');
        const last = sockets.at(-1) as net.Socket;
        if (!last.destroyed) await once(last, 'close');
      });

      it('is waited for when there are as many as there may be, in order', async () => {
        back.destroy();
        back = backWith({ maxConnections: 1 });
        answer = (socket) => setImmediate(() => socket.write(OK));
        let given: BackCall | null = null as BackCall | null;
        const take = (call: BackCall): void => {
          given = call;
        };
        await Promise.all([
          ask(back, { target: '/1' }),
          ask(back, { target: '/2' }),
          Promise.race([ask(back, { target: '/3' }, take), undefined]),
          ask(back, { target: '/4' }, () => given?.reset(new Error('of no use'))),
        ]);
        expect(asked.length).to.equal(1);
        expect(asked[0]?.match(/\/\d /g)).to.deep.equal(['/1 ', '/2 ', '/4 ']);
      });

      it('is opened for who waits when the one before it has ended', async () => {
        back.destroy();
        back = backWith({ maxConnections: 1 });
        answer = (socket) => socket.end('HTTP/1.1 200 OK\r\n\r\nhi');
        const all = await Promise.all([ask(back), ask(back)]);
        expect(all.map(({ body }) => body)).to.deep.equal(['hi', 'hi']);
        expect(asked.length).to.equal(2);
      });

      if (Client !== null)
        it('that never comes fails for all who wait, with destroy()', async () => {
          back.destroy();
          back = backWith({ maxConnections: 1 });
          answer = () => {};
          const all = [ask(back), ask(back)];
          const [socket] = (await once(server, 'connection')) as [net.Socket];
          await once(socket, 'data');
          back.destroy();
          const failures = (await Promise.all(all)).map(({ failure }) => failure);
          expect(failures.map((failure) => failure?.unprocessed)).to.deep.equal([false, true]);
        });
    });

    describe('an answer is no HTTP', () => {
      for (const [what, head] of [
        [
          'with two ways to tell a length',
          'Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
        ],
        ['with two lengths', 'Content-Length: 2\r\nContent-Length: 3\r\n\r\nhi'],
        ['with a length that is none', 'Content-Length: +2\r\n\r\nhi'],
        ['with two codings', 'Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n'],
        [
          'with a coding twice',
          'Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
        ],
        ['with a space before a colon', 'Content-Length : 2\r\n\r\nhi'],
        ['with a folded field', 'A: b\r\n c: d\r\n\r\n'],
        ['with a line end that is none', 'A: b\nC: d\r\n\r\n'],
        ['with a control in a value', 'A: \0\r\n\r\n'],
        ['with a head above all bounds', `A: ${'b'.repeat(20_000)}\r\n\r\n`],
      ] as const) {
        it(what, async () => {
          answer = (socket) => socket.write(`HTTP/1.1 200 OK\r\n${head}`);
          const { failure } = await ask(back);
          expect(failure).to.include({ status: 502, reason: 'http_protocol_error' });
          const [first] = sockets as [net.Socket];
          if (!first.destroyed) await once(first, 'close');
        });
      }

      it('with a change of protocol that nobody has asked for', async () => {
        answer = (socket) => socket.write('HTTP/1.1 101 Go\r\nUpgrade: b\r\n\r\n');
        expect((await ask(back)).failure).to.include({ status: 502 });
      });
    });

    it('makes a tunnel of a connection, with what came behind the head', async () => {
      answer = (socket) =>
        socket.write('HTTP/1.1 101 Go\r\nConnection: upgrade\r\nUpgrade: b\r\n\r\nfirst');
      expect(await ask(back, { upgrade: 'b' })).to.include({ status: 101, body: 'first' });
      answer = (socket) => socket.write('HTTP/1.1 200 Go\r\nContent-Length: 2\r\n\r\nfirst');
      expect(await ask(back, { method: 'CONNECT', target: 'a:1' })).to.include({ body: 'first' });
    });

    it('makes neither a tunnel nor a refusal of an answer to CONNECT that is none', async () => {
      for (const head of [
        '099 No',
        '103 Early',
        '600 No',
        '999 No',
        '403 No\r\nContent-Length: x',
      ]) {
        answer = (socket) => socket.write(`HTTP/1.1 ${head}\r\n\r\n`);
        const { failure } = await ask(back, { method: 'CONNECT', target: 'a:1' });
        expect(failure, head).to.include({ status: 502, reason: 'http_protocol_error' });
        const socket = sockets.at(-1) as net.Socket;
        if (!socket.destroyed) await once(socket, 'close');
      }
      answer = (socket) => socket.write('HTTP/1.1 403 No\r\n\r\n');
      expect(await ask(back, { method: 'CONNECT', target: 'a:1' })).to.include({ status: 403 });
    });

    it('tells interim answers, and trailers', async () => {
      answer = (socket) =>
        socket.write(
          'HTTP/1.1 103 Early\r\nLink: <a>\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n' +
            '2\r\nhi\r\n0\r\nX-Sum: 1\r\nHost: b\r\n\r\n',
        );
      const { informed, trailers, body } = await ask(back);
      expect([informed, trailers, body]).to.deep.equal([[103], [['x-sum', '1']], 'hi']);
    });

    it('cuts a body off that becomes malformed', async () => {
      answer = (socket) =>
        socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\nx\r\n');
      expect(await ask(back)).to.include({ status: 200, body: 'hi', whole: false });
    });

    it('may be sent again only if the connection was kept, and ended before a word', async () => {
      answer = (socket, _connection, text) => {
        if (text.includes('/end')) socket.destroy();
        else if (text.includes('/part')) socket.end('HTTP/1.1 2');
        else socket.write(OK);
      };
      expect((await ask(back, { target: '/end' })).failure?.again).to.equal(false);
      await ask(back);
      expect((await ask(back, { target: '/end' })).failure?.again).to.equal(true);
      await ask(back);
      expect((await ask(back, { target: '/part' })).failure?.again).to.equal(false);
    });

    it('reads a body no faster than it is taken', async () => {
      const piece = Buffer.alloc(1 << 20, 'x');
      answer = (socket) => {
        socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${16 * piece.length}\r\n\r\n`);
        for (let i = 0; i < 16; i++) socket.write(piece);
      };
      const all = up<number>();
      back.send(requestFor(), {
        informed: () => {},
        switched: () => {},
        pushed: () => {},
        failed: () => {},
        responded: (_head, body) => {
          const stream = body?.stream as Readable;
          let bytes = 0;
          stream.on('data', (chunk: Buffer) => {
            bytes += chunk.length;
          });
          stream.once('end', () => all.done(bytes));
          stream.once('data', () => {
            stream.pause();
            // As much as there is room for comes in the meantime, and no more.
            const held = (): void => {
              if (stream.readableLength === 0) {
                setImmediate(held);
                return;
              }
              expect(stream.readableLength).to.be.below(piece.length);
              stream.resume();
            };
            held();
          });
        },
      });
      expect(await all.promise).to.equal(16 * piece.length);
    });
  });

/** A promise that is resolved from outside. */
function up<T = void>(): { promise: Promise<T>; done: (value: T) => void } {
  let done: (value: T) => void = () => {};
  const promise = new Promise<T>((resolve) => {
    done = resolve;
  });
  return { promise, done };
}
