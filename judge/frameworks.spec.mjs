// Express, Koa and Fastify: what they answer over HTTP/1.1 they answer over SPDY.
import { expect } from 'chai';
import * as express from './apps/express.mjs';
import * as fastify from './apps/fastify.mjs';
import * as koa from './apps/koa.mjs';
import { aborts, errors, events, streaming, uploads } from './cases/bodies.mjs';
import { proxies, redirects, routing, trusted } from './cases/routing.mjs';
import { caches, compression, cookies, files, heads, ranges, sessions } from './cases/state.mjs';
import { Client } from './support/client.mjs';
import { expectLike } from './support/like.mjs';
import { Log } from './support/log.mjs';
import { originOf, shut, TRUTHS } from './support/ways.mjs';

const FRAMEWORKS = { 'Express 5': express, 'Koa 3': koa, 'Fastify 5': fastify };
const DIRECT = {
  routing,
  redirects,
  'proxies in front': proxies,
  cookies,
  sessions,
  caches,
  ranges,
  HEAD: heads,
  files,
  compression,
  streaming,
  'server-sent events': events,
  uploads,
  errors,
  aborts,
};
const BEHIND_A_PROXY = { 'behind a proxy that is trusted': trusted };

for (const [framework, { start }] of Object.entries(FRAMEWORKS)) {
  for (const { truth, others } of TRUTHS) {
    const results = new Map();
    describe(`${framework}, ${truth.title}`, () => judge(truth, start, results, null));
    for (const way of others) {
      describe(`${framework}, ${way.title}`, () => judge(way, start, new Map(), results));
    }
  }
}

/** Runs all cases; the results are as they have to be, and equal to those of the truth. */
function judge(way, start, results, truths) {
  for (const [trustProxy, groups] of [
    [false, DIRECT],
    [true, BEHIND_A_PROXY],
  ]) {
    describe(trustProxy ? 'behind a proxy' : 'directly', () => {
      const log = new Log();
      let server;
      let client;

      before(async () => {
        server = await start(way.createServer, { log, trustProxy });
        client = new Client(way, originOf(way, server));
      });

      after(async () => {
        await client.end();
        await shut(server);
      });

      for (const [group, cases] of Object.entries(groups)) {
        for (const [title, [expected, run]] of Object.entries(cases)) {
          it(`${group}: ${title}`, async () => {
            log.clear();
            const result = await run({ client, log, way });
            results.set(`${group}: ${title}`, result);
            expectLike(result, expected);
            if (truths !== null) expect(result).to.deep.equal(truths.get(`${group}: ${title}`));
          });
        }
      }
    });
  }
}
