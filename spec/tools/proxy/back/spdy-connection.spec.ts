import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { Deadline } from '../../../../lib/common/deadline.ts';
import { SpdyError } from '../../../../lib/errors.ts';
import type { ClientRequest } from '../../../../lib/http/client/request/request.ts';
import { createServer, type SpdyServer } from '../../../../lib/http/server/server.ts';
import type { Session } from '../../../../lib/session/public.ts';
import { resolveBack } from '../../../../lib/tools/proxy/back/options.ts';
import { SpdyConnection } from '../../../../lib/tools/proxy/back/spdy-connection.ts';

const TIMEOUT_MS = 1000;
const LATE = new SpdyError('ERR_SPDY_TIMEOUT', 'no answer');

describe('tools/proxy/back/spdy-connection', () => {
  let server: SpdyServer;
  let connection: SpdyConnection;
  let port: number;
  let retired: number;
  /** Those of the server, in their order. */
  let sessions: Session[];

  beforeEach(async () => {
    server = createServer({ tls: false, version: 'spdy/3.1' });
    sessions = [];
    server.on('session', (session) => sessions.push(session));
    await once(server.listen(0, '127.0.0.1'), 'listening');
    ({ port } = server.address() as AddressInfo);
    retired = 0;
    const back = resolveBack({
      url: `http://127.0.0.1:${port}`,
      protocol: 'spdy/3.1',
      connectTimeoutMs: TIMEOUT_MS,
    });
    connection = new SpdyConnection(back, { retired: () => retired++, closed: () => {} });
  });

  afterEach(() => {
    connection.agent.destroy();
    server.close();
    server.closeAllConnections();
  });

  /** A request, and what carries it, once the server has it and has said what it says at first. */
  async function ask(): Promise<{ request: ClientRequest; session: Session }> {
    const opened = once(connection.agent, 'session').then(([session]) =>
      once(session as Session, 'settings'),
    );
    const asked = once(server, 'request');
    const request = connection.agent.request({ protocol: 'http:', hostname: '127.0.0.1', port });
    request.on('error', () => {});
    request.end();
    await Promise.all([opened, asked]);
    return { request, session: request.session as Session };
  }

  it('ends no session that has taken the place of one that was to answer', async () => {
    const sent = connection.mark();
    const { session } = await ask();
    const closed = once(session, 'close');
    connection.gaveUp(session, sent, LATE);
    const later = new Promise<void>((resolve) => new Deadline().start(TIMEOUT_MS, resolve));
    sessions[0]?.destroy();
    await closed;
    // As much has come on this one by then.
    server.once('request', (_request, response) => void later.then(() => response.end()));
    const { request } = await ask();
    const [{ statusCode }] = (await once(request, 'response')) as [IncomingMessage];
    expect(statusCode).to.equal(200);
    expect(retired).to.equal(0);
  });

  it('asks the session that has carried a request, though another one takes new ones', async () => {
    const { session } = await ask();
    const sent = connection.mark();
    const going = once(session, 'goaway');
    const pinged = once(sessions[0] as Session, 'ping');
    void sessions[0]?.close();
    await going;
    const { session: next } = await ask();
    expect(next).not.to.equal(session);
    sessions[1]?.on('ping', () => expect.fail('this one has nothing to do with it'));
    connection.gaveUp(session, sent, LATE);
    await pinged;
    expect(retired).to.equal(0);
  });
});
