import { once } from 'node:events';
import http, { type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { MessageReply } from '../../../../lib/tools/proxy/front/message-front.ts';

describe('tools/proxy/front/message-front', () => {
  let server: http.Server;

  afterEach(() => {
    server.close();
    server.closeAllConnections();
  });

  it('sends what there is of an answer before it resets a connection of HTTP/1.1', async () => {
    server = http.createServer((request, response) => {
      const reply = new MessageReply(request as never, response as never);
      reply.respond({ status: 200, message: 'OK', fields: [['content-length', '9']] }, false);
      reply.write(Buffer.from('part'));
      reply.reset(new Error('cut'));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const request = http.get({ host: '127.0.0.1', port });
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    // From Node 24 on, the reset may reach the request as well.
    request.on('error', () => {});
    let body = '';
    response.on('data', (chunk) => {
      body += chunk;
    });
    const [error] = await once(response, 'error');
    expect(error).to.include({ code: 'ECONNRESET' });
    expect([response.statusCode, body]).to.deep.equal([200, 'part']);
  });
});
