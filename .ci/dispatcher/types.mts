// Compiled by TypeScript 5.9 and 7: a SpdyDispatcher is a Dispatcher of undici 6 to 8 and of Node's fetch(), without a cast.
import * as undici6 from 'undici6';
import * as undici7 from 'undici7';
import * as undici8 from 'undici8';
import { SpdyDispatcher } from '../../build/lib/index.js';

/** Is compiled, not called. */
export async function uses(url: string): Promise<string> {
  const dispatcher = new SpdyDispatcher();
  const as6: undici6.Dispatcher = dispatcher;
  undici6.setGlobalDispatcher(dispatcher);
  await undici6.fetch(url, { dispatcher });
  await undici6.request(url, { dispatcher: dispatcher.compose(undici6.interceptors.retry()) });
  await new undici6.RetryAgent(as6).close();
  const as7: undici7.Dispatcher = dispatcher;
  undici7.setGlobalDispatcher(dispatcher);
  await undici7.fetch(url, { dispatcher });
  await undici7.request(url, { dispatcher: dispatcher.compose(undici7.interceptors.retry()) });
  await new undici7.RetryAgent(as7).close();
  const as8: undici8.Dispatcher = dispatcher;
  undici8.setGlobalDispatcher(dispatcher);
  await undici8.fetch(url, { dispatcher });
  await undici8.request(url, { dispatcher: dispatcher.compose(undici8.interceptors.retry()) });
  await new undici8.RetryAgent(as8).close();
  await fetch(url, { dispatcher });
  const { body, statusCode } = await dispatcher.request({ origin: url, path: '/', method: 'GET' });
  return `${statusCode + 1} ${await body.text()}`;
}
