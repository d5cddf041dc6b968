// The same for a program that compiles with the types of the DOM, whose Blob and ReadableStream are others than those of Node.
import type * as undici6 from 'undici6';
import type * as undici7 from 'undici7';
import type * as undici8 from 'undici8';
import { SpdyDispatcher } from '../../build/lib/index.js';

/** Is compiled, not called. */
export async function uses(origin: string): Promise<Response> {
  const dispatcher = new SpdyDispatcher();
  const all: [undici6.Dispatcher, undici7.Dispatcher, undici8.Dispatcher] = [
    dispatcher,
    dispatcher,
    dispatcher,
  ];
  const { body } = await dispatcher.request({ origin, path: '/', method: 'GET' });
  return new Response(await body.blob(), { headers: { dispatchers: `${all.length}` } });
}
