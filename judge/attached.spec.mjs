// socket.io and ws on the server itself, as on an https server: WebSocket by HTTP/1.1, polling and pages by SPDY, on one port.
import { once } from 'node:events';
import { expect } from 'chai';
import { Server as SocketServer } from 'socket.io';
import { io } from 'socket.io-client';
import { WebSocket, WebSocketServer } from 'ws';
import * as spdy from '../build/lib/index.js';
import { sharedCertificate } from '../build/spec/support/session-pair.js';
import { Client } from './support/client.mjs';
import { originOf, shut, TRUTHS } from './support/ways.mjs';

const { key, cert } = sharedCertificate();
const HTTPS = TRUTHS[1].truth;
const SPDY = TRUTHS[1].others[0];
const SERVERS = [
  ['https', (handler) => HTTPS.createServer(handler), HTTPS],
  ['spdylay', (handler) => spdy.createServer({ key, cert }, handler), SPDY],
];

for (const [name, createServer, way] of SERVERS) {
  describe(`attached to a server of ${name}`, () => {
    let server;
    let client;

    beforeEach(async () => {
      server = createServer((_request, response) => response.end('a page'));
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      client = new Client(way, originOf(way, server));
    });

    afterEach(async () => {
      client.end();
      await shut(server);
    });

    it('ws: messages both ways, and pages beside them', async () => {
      const sockets = new WebSocketServer({ server });
      sockets.on('connection', (socket) =>
        socket.on('message', (data) => socket.send(`heard ${data}`)),
      );
      const socket = new WebSocket(client.origin.replace('https', 'wss'), { ca: cert });
      await once(socket, 'open');
      const page = await client.get('/');
      const heard = once(socket, 'message');
      socket.send('one');
      expect(String((await heard)[0])).to.equal('heard one');
      expect(page.body).to.equal('a page');
      socket.close();
      await once(socket, 'close');
    });

    it('ws: a path that it does not serve is refused', async () => {
      new WebSocketServer({ server, path: '/here' });
      const socket = new WebSocket(`${client.origin.replace('https', 'wss')}/there`, { ca: cert });
      const [error] = await once(socket, 'error');
      expect(error.message).to.match(/400/);
    });

    for (const transport of ['websocket', 'polling']) {
      it(`socket.io by ${transport}: events both ways with acknowledgements`, async () => {
        const sockets = new SocketServer(server);
        sockets.on('connection', (socket) => {
          socket.emit('hello', 'you');
          socket.on('add', (a, b, done) => done(a + b));
        });
        const socket = io(client.origin, {
          ca: cert,
          transports: [transport],
          reconnection: false,
        });
        const [hello] = await new Promise((resolve, reject) => {
          socket.once('hello', (...given) => resolve(given));
          socket.once('connect_error', reject);
        });
        expect(hello).to.equal('you');
        expect(await socket.emitWithAck('add', 1, 2)).to.equal(3);
        socket.close();
        await sockets.close().catch(() => {});
      });
    }

    it('socket.io: a session by polling over the transport of the pages', async () => {
      const sockets = new SocketServer(server);
      const opened = await client.get('/socket.io/?EIO=4&transport=polling');
      expect(opened.status).to.equal(200);
      const { sid, upgrades } = JSON.parse(opened.body.slice(1));
      expect(upgrades).to.deep.equal(['websocket']);
      const path = `/socket.io/?EIO=4&transport=polling&sid=${sid}`;
      const sent = await client.ask('POST', path, {
        body: '40',
        headers: { 'content-type': 'text/plain' },
      });
      expect([sent.status, sent.body]).to.deep.equal([200, 'ok']);
      const polled = await client.get(path);
      expect(polled.body).to.match(/^40\{"sid"/);
      expect((await client.get('/')).body).to.equal('a page');
      await sockets.close().catch(() => {});
    });
  });
}
