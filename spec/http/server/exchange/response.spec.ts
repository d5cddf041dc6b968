import http, { type OutgoingHttpHeaders } from 'node:http';
import { expect } from 'chai';
import type { SpdyResponse } from '../../../../lib/http/server/exchange/response.ts';
import { until } from '../../../support/session-pair.ts';
import { ask, type Served, serve, WAYS, type Way } from '../../support/http-support.ts';

describe('response', () => {
  let act: (response: SpdyResponse) => void = () => {};
  let served: Served;

  before(async () => {
    served = await serve(WAYS[1] as Way, (_request, response) => act(response));
  });

  after(() => served.end());

  const values = {
    url: new URL('http://a.example/b'),
    date: new Date(0),
    nothing: null,
    bytes: Buffer.from('"tag"'),
    object: { toString: () => 'text' },
    number: 1,
  } as unknown as OutgoingHttpHeaders;
  const texts = {
    url: 'http://a.example/b',
    date: String(new Date(0)),
    nothing: 'null',
    bytes: '"tag"',
    object: 'text',
    number: '1',
  };

  const setters: Readonly<Record<string, (response: SpdyResponse) => void>> = {
    'setHeader()': (response) => {
      for (const [name, value] of Object.entries(values)) response.setHeader(name, value as string);
      response.end();
    },
    'writeHead() with an object': (response) => response.writeHead(200, values).end(),
    'writeHead() with names and values in turn': (response) =>
      response.writeHead(200, Object.entries(values).flat() as string[]).end(),
    'writeHead() with pairs': (response) =>
      response.writeHead(200, Object.entries(values) as never).end(),
  };
  for (const [title, set] of Object.entries(setters)) {
    it(`makes text of header values by String(), ${title}`, async () => {
      act = set;
      expect((await ask(served.session)).headers).to.include(texts);
    });
  }

  it('tells the fields that were set as http does, also when a framework has changed its prototype', async () => {
    const tell = (message: http.OutgoingMessage): unknown => {
      message.setHeader('X-Text', 'a');
      message.setHeader('x-list', ['b', 'c']);
      message.appendHeader('x-text', 'd');
      message.setHeader('Date', 'today');
      message.removeHeader('date');
      const { getRawHeaderNames } = message as unknown as { getRawHeaderNames(): string[] };
      return [
        message.getHeaders(),
        message.getHeaderNames(),
        getRawHeaderNames.call(message),
        message.getHeader('X-LIST'),
        message.hasHeader('date'),
        (message as http.ServerResponse).sendDate,
      ];
    };
    let told: unknown;
    act = (response) => {
      Object.setPrototypeOf(response, Object.create(http.ServerResponse.prototype));
      told = tell(response);
      response.end();
    };
    const { headers } = await ask(served.session);
    expect(headers).to.include({ 'x-text': 'd' }).and.not.have.property('date');
    const reference = new http.ServerResponse(new http.IncomingMessage(null as never));
    expect(told).to.deep.equal(tell(reference));
  });

  it('is answered where a middleware has put something else in the place of its stream', async () => {
    const finished: boolean[] = [];
    act = (response) => {
      Object.assign(response, { stream: undefined });
      response.on('finish', () => finished.push(response.writableFinished));
      response.end('body');
    };
    expect(String((await ask(served.session)).body)).to.equal('body');
    expect(finished).to.deep.equal([true]);
  });

  it('takes fields that are set by the methods of http itself, as packages for cookies do', async () => {
    act = (response) => {
      response.setHeader('set-cookie', 'a=1');
      http.OutgoingMessage.prototype.setHeader.call(response, 'Set-Cookie', ['b=2']);
      http.ServerResponse.prototype.setHeader.call(response, 'X-Direct', '1');
      expect(response.getHeader('set-cookie')).to.deep.equal(['b=2']);
      response.end();
    };
    const { headers } = await ask(served.session);
    expect(headers).to.include({ 'set-cookie': 'b=2', 'x-direct': '1' });
  });

  it('sets fields by a method of http that was replaced, as agents for monitoring do', async () => {
    const original = http.ServerResponse.prototype.setHeader;
    http.ServerResponse.prototype.setHeader = function (name, value) {
      return original.call(this, name, name === 'x-policy' ? `${value}; relaxed` : value);
    };
    try {
      act = (response) => response.setHeader('x-policy', 'strict').end();
      const { headers } = await ask(served.session);
      expect(headers).to.include({ 'x-policy': 'strict; relaxed' });
    } finally {
      http.ServerResponse.prototype.setHeader = original;
    }
  });

  it('makes text of trailers by String()', async () => {
    act = (response) => {
      response.write('x');
      response.addTrailers(values);
      response.end();
    };
    const { trailers } = await ask(served.session);
    expect(Object.fromEntries(trailers ?? [])).to.deep.equal(texts);
  });

  it('refuses undefined as a header value, as http does', async () => {
    const codes: unknown[] = [];
    act = (response) => {
      const headers = { a: undefined } as unknown as OutgoingHttpHeaders;
      for (const action of [
        () => response.setHeader('a', undefined as unknown as string),
        () => response.writeHead(200, headers),
      ]) {
        try {
          action();
        } catch (error) {
          codes.push((error as NodeJS.ErrnoException).code);
        }
      }
      response.end();
    };
    await ask(served.session);
    expect(codes).to.deep.equal(Array(2).fill('ERR_HTTP_INVALID_HEADER_VALUE'));
  });

  it('is as long as its content-length with strictContentLength, else the call throws', async () => {
    const codes: unknown[] = [];
    const attempt = (action: () => unknown): void => {
      try {
        action();
      } catch (error) {
        codes.push((error as NodeJS.ErrnoException).code);
      }
    };
    act = (response) => {
      response.strictContentLength = true;
      response.setHeader('content-length', 4);
      attempt(() => response.end('abc'));
      attempt(() => response.write('abc'));
      attempt(() => response.end());
      attempt(() => response.write('de'));
      response.end('d');
    };
    expect((await ask(served.session)).body.toString()).to.equal('abcd');
    expect(codes).to.deep.equal(Array(3).fill('ERR_HTTP_CONTENT_LENGTH_MISMATCH'));
    act = (response) => {
      response.strictContentLength = true;
      response.end('of a length that nobody has told');
    };
    expect((await ask(served.session)).body).to.have.lengthOf(32);
    act = (response) => {
      response.strictContentLength = true;
      response.writeHead(304, { 'content-length': 4 }).end();
    };
    expect((await ask(served.session)).headers).to.include({ 'content-length': '4' });
  });

  it('has a status text that http has, also for a status that nobody knows', async () => {
    act = (response) => response.writeHead(600).end();
    expect((await ask(served.session)).status).to.equal('600 unknown');
  });

  for (const status of [100, 102, 103]) {
    it(`sends ${status} as the reply, without a body`, async () => {
      act = (response) => {
        response.statusCode = status;
        response.end('no body');
      };
      const { status: line, body, headers } = await ask(served.session);
      expect(line).to.equal(`${status} ${http.STATUS_CODES[status]}`);
      expect(body).to.have.lengthOf(0);
      expect(headers).to.not.have.property('content-length');
    });
  }

  it('tells by _header whether its head is settled', async () => {
    const seen: unknown[] = [];
    const header = (response: SpdyResponse): unknown => Reflect.get(response, '_header');
    act = (response) => {
      seen.push(header(response));
      response.writeHead(201);
      seen.push(header(response));
      response.end();
    };
    await ask(served.session);
    expect(seen).to.deep.equal([null, 'HTTP/1.1 201 Created\r\n\r\n']);
  });

  it('sends no content-length that the handler has removed, and tells none that it made', async () => {
    act = (response) => {
      response.end('body');
      expect(response.getHeaders()).to.deep.equal({});
    };
    expect((await ask(served.session)).headers['content-length']).to.equal('4');
    act = (response) => {
      response.removeHeader('Content-Length');
      response.removeHeader('Date');
      response.end('body');
    };
    const { headers, body } = await ask(served.session);
    expect(headers).to.not.have.any.keys('content-length', 'date');
    expect(body.toString()).to.equal('body');
  });

  it('keeps the error that it is destroyed with', async () => {
    const boom = new Error('boom');
    let destroyed: SpdyResponse | null = null;
    act = (response) => {
      destroyed = response.destroy(boom);
    };
    const failure = await ask(served.session).catch((error: Error) => error);
    expect(failure).to.include({ code: 'ERR_SPDY_STREAM_RESET', status: 6 });
    const response = destroyed as unknown as SpdyResponse;
    await until(() => response.closed);
    expect(response.errored).to.equal(boom);
  });
});
