import { EventEmitter, once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { expect } from 'chai';
import { SpdyAgent } from '../../../lib/http/client/agent.ts';
import type { SpdyServerEvents } from '../../../lib/http/server/events.ts';
import type { SpdyResponse } from '../../../lib/http/server/exchange/response.ts';
import { createServer, type SpdyServer } from '../../../lib/http/server/server.ts';

/** What a handler does before its promise is rejected, and what its client gets. */
const HANDLERS: Record<string, [before: (response: SpdyResponse) => void, outcome: string]> = {
  'nothing was sent': [() => {}, '500 undefined Internal Server Error'],
  'the head was sent': [(response) => response.writeHead(200).flushHeaders(), 'cut off'],
  'a part was sent': [(response) => response.write('a part'), 'cut off'],
  'the answer was ended': [(response) => response.end('whole'), '200 set whole'],
};

describe('SpdyServer: listeners that reject, with captureRejections', () => {
  let server: SpdyServer;
  let agent: SpdyAgent;

  beforeEach(async () => {
    EventEmitter.captureRejections = true;
    server = createServer({ tls: false, sniff: true });
    agent = new SpdyAgent({ version: 'spdy/3.1', maxRetries: 0 });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  });

  afterEach(async () => {
    EventEmitter.captureRejections = false;
    agent.destroy();
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
  });

  /** What a request gets, by either protocol. */
  async function outcome(request: http.ClientRequest): Promise<string> {
    try {
      const [response] = (await once(request.end(), 'response')) as [http.IncomingMessage];
      return `${response.statusCode} ${response.headers.etag} ${await text(response)}`;
    } catch {
      return 'cut off';
    }
  }

  function url(): string {
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  }

  for (const [when, [before, wanted]] of Object.entries(HANDLERS)) {
    it(`that of a request when ${when}: ${wanted}, as with http`, async () => {
      server.on('request', async (_, response) => {
        response.setHeader('etag', 'set');
        before(response);
        await null;
        throw new Error('of the handler');
      });
      expect(await outcome(agent.request(url()))).to.equal(wanted);
      expect(await outcome(http.request(url(), { agent: false }))).to.equal(wanted);
    });
  }

  it("that of 'stream' ends the stream, and no other one", async () => {
    const told: string[] = [];
    server.on('stream', async (stream) => {
      stream.on('error', ({ message }) => told.push(message));
      if (stream.headers.some(([, value]) => value === '/rejected')) throw new Error('of it');
      stream.respond([
        [':status', '200'],
        [':version', 'HTTP/1.1'],
      ]);
      stream.end('served');
    });
    expect(await outcome(agent.request(`${url()}rejected`))).to.equal('cut off');
    expect(await outcome(agent.request(url()))).to.equal('200 undefined served');
    expect(server.sessions.size).to.equal(1);
    expect(told).to.deep.equal(['of it']);
  });

  for (const event of ['session', 'connection'] as const) {
    it(`that of '${event}' ends it with the error`, async () => {
      const reject = async (): Promise<never> => {
        throw new Error('of the listener');
      };
      server.on('request', () => {});
      server.on<keyof SpdyServerEvents>(event, reject);
      expect(await outcome(agent.request(url()))).to.equal('cut off');
    });
  }

  it("any other is told by 'error'", async () => {
    server.once('listening', async () => {
      throw new Error('of the listener');
    });
    const told = once(server, 'error');
    server.emit('listening');
    expect((await told)[0]).to.have.property('message', 'of the listener');
  });
});
