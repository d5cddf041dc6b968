import { expect } from 'chai';
import { createServer } from '../../../lib/http/server/server.ts';

describe('events of a server', () => {
  it('have the types of their arguments, and names that are known', () => {
    const server = createServer({ tls: false });
    const heard: string[] = [];
    server.on('session', (session) => heard.push(session.version.name));
    server.once('request', (request, response) =>
      heard.push(`${request.url} ${response.statusCode}`),
    );
    server.addListener('sessionError', (error, session) => heard.push(`${error} ${session.side}`));
    // @ts-expect-error there is no such event
    server.on('reqest', () => {});
    // @ts-expect-error there is no such event
    server.once('sesion', () => {});
    // @ts-expect-error nor can it be emitted
    server.emit('reqest');
    // @ts-expect-error a session is no string
    server.prependListener('session', (session: string) => heard.push(session));
    const late = (socket: { readonly destroyed: boolean }): unknown => socket.destroyed;
    server.off('connection', late).removeListener('unknownProtocol', late);
    expect(server.listenerCount('request')).to.equal(1);
    expect(heard).to.deep.equal([]);
  });
});

describe('listen() of a server', () => {
  it('takes the arguments of net.Server, and no others', async () => {
    const closed = createServer({ tls: false });
    // @ts-expect-error a port is no date
    expect(() => closed.listen(new Date())).to.throw(TypeError);
    for (const args of [[0, '127.0.0.1'], [0], [{ port: 0, host: '127.0.0.1' }]] as const) {
      const server = createServer({ tls: false });
      await new Promise<void>((done) => {
        if (args.length === 2) server.listen(args[0], args[1], done);
        else if (typeof args[0] === 'number') server.listen(args[0], done);
        else server.listen(args[0], done);
      });
      expect(server.listening).to.equal(true);
      await server.close();
      expect(server.listening).to.equal(false);
    }
  });
});
