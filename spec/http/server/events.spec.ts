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
