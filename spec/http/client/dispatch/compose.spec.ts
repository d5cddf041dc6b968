import { expect } from 'chai';
import type {
  DispatchInterceptor,
  Dispatching,
} from '../../../../lib/http/client/dispatch/compose.ts';
import type {
  DispatchHandler,
  LegacyDispatchHandler,
} from '../../../../lib/http/client/dispatch/handlers.ts';
import { SpdyDispatcher } from '../../../../lib/http/client/dispatcher.ts';
import type { HeaderList } from '../../../../lib/protocol/frames.ts';
import type { SpdyStream } from '../../../../lib/session/streams/stream.ts';
import { fieldOf, reply, Stage } from '../../support/origin-server.ts';

/** An interceptor as those of undici 7 and later: it speaks only the words of these. */
const current =
  (log: string[]): DispatchInterceptor =>
  (dispatch) =>
  (options, given) => {
    const handler = given as DispatchHandler;
    const seen: DispatchHandler = {
      onRequestStart: (...args) => {
        log.push('start');
        handler.onRequestStart?.(...args);
      },
      onRequestSent: () => handler.onRequestSent?.(),
      onResponseStarted: () => handler.onResponseStarted?.(),
      onResponseStart: (controller, status, headers, text) => {
        handler.onResponseStart?.(controller, status, { ...headers, 'x-added': 'yes' }, text);
      },
      onResponseData: (...args) => handler.onResponseData?.(...args),
      onResponseEnd: (...args) => handler.onResponseEnd?.(...args),
      onResponseError: (...args) => handler.onResponseError?.(...args),
      onRequestUpgrade: (...args) => handler.onRequestUpgrade?.(...args),
    };
    return dispatch(options, seen);
  };

/** The same as those of undici 6. */
const legacy =
  (log: string[]): DispatchInterceptor =>
  (dispatch) =>
  (options, given) => {
    const handler = given as Required<LegacyDispatchHandler>;
    return dispatch(options, {
      onConnect: (...args) => {
        log.push('connect');
        handler.onConnect(...args);
      },
      onResponseStarted: () => handler.onResponseStarted(),
      onHeaders: (status, raw, resume, text) => {
        const added = [...raw, Buffer.from('X-Added'), Buffer.from('yes')];
        return handler.onHeaders(status, added, resume, text);
      },
      onData: (chunk) => handler.onData(chunk),
      onComplete: (trailers) => handler.onComplete(trailers),
      onError: (error) => handler.onError(error),
      onUpgrade: (...args) => handler.onUpgrade(...args),
    });
  };

/** What a handler is told. */
interface Told {
  readonly log: unknown[];
  readonly handler: DispatchHandler | LegacyDispatchHandler;
  readonly end: Promise<void>;
}

function currentHandler(): Told {
  const log: unknown[] = [];
  let handler: DispatchHandler = {};
  const end = new Promise<void>((resolve) => {
    handler = {
      onRequestStart: (controller) => log.push(typeof controller.abort),
      onRequestSent: () => {},
      onResponseStarted: () => log.push('started'),
      onResponseStart: (controller, status, headers) => {
        log.push(status, headers['x-a'], [headers['x-added']].flat()[0]);
        controller.pause();
        setImmediate(() => controller.resume());
      },
      onResponseData: (controller, chunk) => {
        log.push(String(chunk));
        controller.pause();
        setImmediate(() => controller.resume());
      },
      onResponseEnd: (_controller, trailers) => resolve(void log.push({ ...trailers })),
      onResponseError: (_controller, error) => resolve(void log.push(error.name)),
      onRequestUpgrade: (_controller, status, headers, socket) => {
        socket.destroy();
        resolve(void log.push(status, headers['x-a']));
      },
    };
  });
  return { log, handler, end };
}

function legacyHandler(): Told {
  const log: unknown[] = [];
  const text = (raw: readonly Buffer[], name: string): unknown => {
    const at = raw.findIndex((item, i) => i % 2 === 0 && item.toString().toLowerCase() === name);
    return at === -1 ? undefined : String(raw[at + 1]);
  };
  let handler: LegacyDispatchHandler = {};
  const end = new Promise<void>((resolve) => {
    handler = {
      onConnect: (abort) => log.push(typeof abort),
      onResponseStarted: () => log.push('started'),
      onHeaders: (status, raw, resume) => {
        log.push(status, text(raw, 'x-a'), text(raw, 'x-added'));
        setImmediate(resume);
        return false;
      },
      onData: (chunk) => {
        log.push(String(chunk));
        return true;
      },
      onComplete: (raw) => {
        const trailers = raw.length === 0 ? {} : { 'x-end': text(raw, 'x-end') };
        resolve(void log.push(trailers));
      },
      onError: (error) => resolve(void log.push(error.name)),
      onUpgrade: (status, raw, socket) => {
        socket.destroy();
        resolve(void log.push(status, text(raw, 'x-a')));
      },
    };
  });
  return { log, handler, end };
}

describe('http/client/dispatch/compose', () => {
  const stage = new Stage();
  afterEach(() => stage.end());

  function handle(stream: SpdyStream, headers: HeaderList): void {
    stream.on('error', () => {});
    const path = fieldOf(headers, ':path');
    if (path === '/never') return;
    stream.respond(reply(200, ['x-a', '1']));
    if (fieldOf(headers, ':method') === 'CONNECT') return;
    stream.write('body');
    stream.sendTrailers([['x-end', 'yes']]);
  }

  const ways = {
    'none but undefined': () => [undefined, null] as unknown as DispatchInterceptor[],
    'one of today': (log: string[]) => [current(log)],
    'an old one': (log: string[]) => [legacy(log)],
    'both, the old one outside': (log: string[]) => [current(log), legacy(log)],
    'both, the old one inside': (log: string[]) => [legacy(log), current(log)],
  };
  const handlers = { 'a handler of today': currentHandler, 'an old handler': legacyHandler };
  for (const [way, make] of Object.entries(ways)) {
    for (const [kind, tell] of Object.entries(handlers)) {
      it(`passes everything on through interceptors (${way}) to ${kind}`, async () => {
        const server = await stage.server({ handler: handle });
        const calls: string[] = [];
        const added = way.startsWith('none') ? undefined : 'yes';
        const dispatcher = new SpdyDispatcher(stage.agent()).compose(make(calls));
        const common = { origin: server.url(), method: 'GET' };
        const whole = tell();
        dispatcher.dispatch({ ...common, path: '/' }, whole.handler);
        await whole.end;
        expect(whole.log).to.deep.equal([
          ...['function', 'started', 200, '1', added],
          'body',
          { 'x-end': 'yes' },
        ]);
        const failed = tell();
        dispatcher.dispatch({ ...common, path: '/never', headersTimeout: 20 }, failed.handler);
        await failed.end;
        expect(failed.log).to.deep.equal(['function', 'HeadersTimeoutError']);
        const tunnel = tell();
        dispatcher.dispatch({ ...common, path: 'a:1', method: 'CONNECT' }, tunnel.handler);
        await tunnel.end;
        expect(tunnel.log).to.deep.equal(['function', 200, '1']);
        const before = tell();
        const { handler } = before;
        const abort = new Error('no');
        if ('onConnect' in handler) handler.onConnect = (stop) => stop(abort);
        else (handler as DispatchHandler).onRequestStart = (controller) => controller.abort(abort);
        dispatcher.dispatch({ ...common, path: '/' }, handler);
        await before.end;
        expect(before.log).to.deep.equal(['Error']);
        const count = make([]).filter((interceptor) => typeof interceptor === 'function').length;
        expect(calls.length).to.equal(4 * count);
      });
    }
  }

  it('takes a list or arguments, and leaves the rest of the dispatcher as it is', async () => {
    const dispatcher = new SpdyDispatcher(stage.agent());
    const order: string[] = [];
    const note =
      (name: string): DispatchInterceptor =>
      (dispatch) =>
      (options, handler) => {
        order.push(name);
        return dispatch(options, handler);
      };
    const server = await stage.server({ handler: handle });
    const options = { origin: server.url(), path: '/', method: 'GET' };
    for (const composed of [
      dispatcher.compose([note('inner'), note('outer')]),
      dispatcher.compose(note('inner'), note('outer')),
      dispatcher.compose(note('inner')).compose(note('outer')),
    ]) {
      expect(composed.agent).to.equal(dispatcher.agent);
      expect(composed.closed).to.equal(false);
      expect(await (await composed.request(options)).body.text()).to.equal('body');
    }
    expect(order).to.deep.equal(['outer', 'inner', 'outer', 'inner', 'outer', 'inner']);
    await dispatcher.compose(note('x')).close();
    expect(dispatcher.closed).to.equal(true);
  });

  it('refuses what is no interceptor', () => {
    const dispatcher = new SpdyDispatcher(stage.agent());
    expect(() => dispatcher.compose('x' as never)).to.throw(TypeError, 'a function, got string');
    const bad = (() => 5) as unknown as (dispatch: Dispatching['dispatch']) => never;
    expect(() => dispatcher.compose(bad)).to.throw(TypeError, 'yield a function');
  });
});
