import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import type { SpdyRequestListener } from '../../../lib/http/server/events.ts';
import { settle } from '../../support/session-pair.ts';
import {
  type Call,
  EXCHANGES,
  type Exchange,
  Http1Call,
  type Log,
  OBSERVERS,
  type Observer,
  SpdyCall,
} from '../support/exchange-table.ts';
import { serve, WAYS, type Way } from '../support/http-support.ts';

const PLAIN = WAYS[1] as Way;

/** A server and one call of it. */
interface Judge {
  readonly call: Call;
  end(): Promise<void>;
}

async function byHttp1(handler: SpdyRequestListener): Promise<Judge> {
  const server = http.createServer(handler as http.RequestListener);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const call = new Http1Call((server.address() as AddressInfo).port);
  const end = async (): Promise<void> => {
    call.close();
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
  };
  return { call, end };
}

async function bySpdy(handler: SpdyRequestListener): Promise<Judge> {
  const { session, end } = await serve(PLAIN, handler);
  return { call: new SpdyCall(session), end };
}

/** Makes an exchange, and tells what the observer has seen when request and response are closed. */
async function watch(
  begin: (handler: SpdyRequestListener) => Promise<Judge>,
  exchange: Exchange,
  observe: Observer,
): Promise<Log> {
  const log: Log = {};
  let begun = (): void => {};
  const hasBegun = new Promise<void>((next) => {
    begun = next;
  });
  let over = (): void => {};
  const closed = new Promise<void>((next) => {
    over = next;
  });
  const { call, end } = await begin((request, response) => {
    const seen = {
      request,
      response,
      begun: () => begun(),
      log: (source: string, what: string) => {
        log[source] ??= [];
        log[source].push(what);
      },
    };
    observe(seen);
    let open = 2;
    const close = (): void => {
      if (--open === 0) over();
    };
    request.once('close', close);
    response.once('close', close);
    void exchange.handle(seen);
  });
  await exchange.act(call, hasBegun);
  await closed;
  await settle();
  await end();
  return log;
}

describe('exchange', () => {
  for (const exchange of EXCHANGES) {
    it(`looks to its handler as by node:http: ${exchange.title}`, async () => {
      for (const [name, observe] of Object.entries(OBSERVERS)) {
        const expected = exchange.ours?.[name] ?? (await watch(byHttp1, exchange, observe));
        expect(await watch(bySpdy, exchange, observe), name).to.deep.equal(expected);
      }
    });
  }
});
