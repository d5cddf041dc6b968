import { expect } from 'chai';
import type { SpdyRequestListener } from '../../../../lib/http/server/events.ts';
import { settle } from '../../../support/session-pair.ts';
import {
  byHttp1,
  bySpdy,
  EXCHANGES,
  type Exchange,
  type Judge,
  type Log,
  OBSERVERS,
  type Observer,
} from '../../support/exchange-table.ts';

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
