// The system's Chromium through `createProxy()`, by HTTP/2 and HTTP/1.1, to servers of every protocol: `npm run test:page`.
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import http from 'node:http';
import { expect } from 'chai';
import { chromium } from 'playwright-core';
import { WebSocketServer } from 'ws';
import { createProxy } from '../../build/lib/tools/index.js';
import { sharedCertificate } from '../../build/spec/support/session-pair.js';
import { answers, startApplication } from '../../build/spec/tools/proxy/support/application.js';

const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';
const FRONTS = [
  { protocol: 'h2', args: [] },
  { protocol: 'http/1.1', args: ['--disable-http2'] },
];
const BACKS = ['http/1.1', 'h2', 'spdy/3.1', 'spdy/2'];
const PARTS = 150;

/** Piece `index` of the page: a script of a length of its own that says that it ran. */
const part = (index) => `parts.push(${index});//${'x'.repeat((index * 797) % 40_000)}\n`;

/** Answers what the page of these specs asks for. */
function application(request, response) {
  const { pathname, searchParams } = new URL(request.url, 'http://x');
  const type = (name) => response.setHeader('content-type', name);
  switch (pathname) {
    case '/page': {
      type('text/html; charset=utf-8');
      const scripts = Array.from(
        { length: PARTS },
        (_, i) => `<script src="/part?i=${i}"></script>`,
      );
      response.end(
        `<!doctype html><title>page</title><script>parts=[]</script>${scripts.join('')}`,
      );
      return;
    }
    case '/part':
      type('text/javascript');
      response.end(part(Number(searchParams.get('i'))));
      return;
    case '/digest': {
      const hash = createHash('sha256');
      request.on('data', (chunk) => hash.update(chunk));
      request.on('end', () => response.end(hash.digest('hex')));
      return;
    }
    case '/events': {
      type('text/event-stream');
      const last = Number(request.headers['last-event-id'] ?? 0);
      response.write(`retry: 10\nid: ${last + 1}\ndata: first\n\n`);
      response.end(`id: ${last + 2}\nevent: other\ndata: a\ndata: b\n\n`);
      return;
    }
    case '/file':
      type('application/octet-stream');
      response.setHeader('content-disposition', 'attachment; filename="file.bin"');
      response.end(Buffer.alloc(3 << 20, 'file'));
      return;
    default:
      answers(request, response);
  }
}

describe('Chromium through createProxy()', function () {
  this.timeout(120_000);

  before(() => {
    const advice = `${CHROMIUM} (apt-get install chromium, or set CHROMIUM)`;
    expect(existsSync(CHROMIUM), advice).to.equal(true);
  });

  for (const { protocol, args } of FRONTS) {
    describe(`by ${protocol}`, () => {
      let browser;
      let context;
      let page;
      let proxy;

      before(async () => {
        browser = await chromium.launch({
          executablePath: CHROMIUM,
          args: ['--no-sandbox', ...args],
        });
      });

      after(() => browser?.close());

      /** Opens a page of a server through a proxy of its own. */
      async function open(back, path) {
        const { key, cert } = sharedCertificate();
        proxy = createProxy({ backs: [back] });
        const { port } = await proxy.listen({ port: 0, host: '127.0.0.1', key, cert });
        context = await browser.newContext({ ignoreHTTPSErrors: true });
        page = await context.newPage();
        await page.goto(`https://localhost:${port}${path}`);
      }

      afterEach(async () => {
        await context?.close();
        proxy?.destroy();
      });

      for (const back of BACKS) {
        describe(`to ${back}`, () => {
          let server;

          before(async () => {
            server = await startApplication(back, application);
          });

          after(() => server.close());

          it(`shows a page of ${PARTS} parts, by the protocol that it says`, async () => {
            await open(server.back, '/page');
            const seen = await page.evaluate(() => globalThis.parts);
            expect(seen).to.deep.equal(Array.from({ length: PARTS }, (_, i) => i));
            const sizes = await page.evaluate(() =>
              performance
                .getEntriesByType('resource')
                .filter(({ name }) => name.includes('/part'))
                .map((it) => [it.name.split('i=')[1], it.nextHopProtocol, it.decodedBodySize])
                .sort(([one], [other]) => one - other),
            );
            expect(sizes).to.deep.equal(seen.map((i) => [String(i), protocol, part(i).length]));
          });

          it('uploads', async () => {
            await open(server.back, '/sized?bytes=1');
            const size = 5 << 20;
            const digest = await page.evaluate(async (length) => {
              const body = new Blob([new Uint8Array(length).fill(7)]);
              return (await fetch('/digest', { method: 'POST', body })).text();
            }, size);
            expect(digest).to.equal(
              createHash('sha256').update(Buffer.alloc(size, 7)).digest('hex'),
            );
          });

          it('saves a file', async () => {
            await open(server.back, '/sized?bytes=1');
            const saved = page.waitForEvent('download');
            await page.evaluate(() => {
              location.href = '/file';
            });
            const file = readFileSync(await (await saved).path());
            expect(file.equals(Buffer.alloc(3 << 20, 'file'))).to.equal(true);
          });

          it('gives a request up, and the server knows', async () => {
            await open(server.back, '/sized?bytes=1');
            const aborted = server.onceAborted();
            const name = await page.evaluate(async () => {
              const control = new AbortController();
              const response = await fetch('/slow', { signal: control.signal });
              const text = response.text();
              control.abort();
              return text.catch((error) => error.name);
            });
            expect(name).to.equal('AbortError');
            expect(await aborted).to.equal('GET /slow');
          });

          for (const path of ['/cut', '/cut?sized']) {
            it(`knows that an answer was cut off (${path})`, async () => {
              await open(server.back, '/sized?bytes=1');
              const name = await page.evaluate(async (from) => {
                // Head and reset may come at once: then it is fetch() that fails.
                const text = fetch(from).then((response) => response.text());
                return text.catch((error) => error.name);
              }, path);
              expect(name).to.equal('TypeError');
            });
          }

          it('takes events, and asks for those that it has not seen', async () => {
            await open(server.back, '/sized?bytes=1');
            const events = await page.evaluate(
              () =>
                new Promise((resolve) => {
                  const source = new EventSource('/events');
                  const seen = [];
                  const take = ({ type, data, lastEventId }) => {
                    seen.push([type, data, lastEventId]);
                    if (seen.length < 4) return;
                    source.close();
                    resolve(seen);
                  };
                  source.addEventListener('message', take);
                  source.addEventListener('other', take);
                }),
            );
            expect(events).to.deep.equal([
              ['message', 'first', '1'],
              ['other', 'a\nb', '2'],
              ['message', 'first', '3'],
              ['other', 'a\nb', '4'],
            ]);
          });
        });
      }

      it(`speaks WebSocket, ${protocol === 'h2' ? 'on a stream of HTTP/2' : 'as an upgrade'}`, async () => {
        const server = http.createServer(application);
        const sockets = new WebSocketServer({ server });
        const codes = [];
        sockets.on('connection', (socket, request) => {
          socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }));
          socket.on('close', (code) => codes.push(code));
          socket.send(`${request.url} ${request.headers['x-forwarded-proto']}`);
        });
        await once(server.listen(0, '127.0.0.1'), 'listening');
        await open(`http://127.0.0.1:${server.address().port}`, '/sized?bytes=1');
        const over = new Promise((resolve) =>
          proxy.on('exchange', ({ request }) => {
            if (request.target === '/chat') resolve(request.protocol);
          }),
        );
        const seen = await page.evaluate(
          () =>
            new Promise((resolve, reject) => {
              const socket = new WebSocket(`wss://${location.host}/chat`);
              socket.binaryType = 'arraybuffer';
              const got = [];
              socket.onerror = () => reject(new Error('no WebSocket'));
              socket.onmessage = ({ data }) => {
                got.push(typeof data === 'string' ? data : data.byteLength);
                if (got.length === 1) {
                  socket.send('text');
                  socket.send(new Uint8Array(1 << 20));
                } else if (got.length === 3) socket.close(3000, 'enough');
              };
              socket.onclose = ({ code, wasClean }) => resolve([...got, code, wasClean]);
            }),
        );
        expect(seen).to.deep.equal(['/chat https', 'text', 1 << 20, 3000, true]);
        expect(await over).to.equal(protocol);
        expect(codes).to.deep.equal([3000]);
        sockets.close();
        server.close();
        server.closeAllConnections();
      });
    });
  }
});
