import { once } from 'node:events';
import type http from 'node:http';
import type { IncomingMessage } from 'node:http';
import { expect } from 'chai';
import type { SpdyError } from '../../../../lib/errors.ts';
import { CANCEL } from '../../../../lib/protocol/constants.ts';
import type { SpdyStream } from '../../../../lib/session/streams/stream.ts';
import { reply, Stage } from '../../support/origin-server.ts';

/** Begins a response and leaves it. */
const halfway = {
  handler: (stream: SpdyStream): void => {
    stream.respond(reply(200));
    stream.write('part');
  },
  http: (_request: IncomingMessage, response: http.ServerResponse): void => {
    response.write('part');
  },
};

/** The code that programs test for: that of `http`, which stands in `cause` with our own errors. */
function codeOf(error: Error & { code: string }): string {
  return error.code === 'ECONNRESET' ? error.code : (error.cause as { code: string }).code;
}

/** Waits for 'close', and does not listen for 'error'. */
function closeOf(response: IncomingMessage): Promise<void> {
  return new Promise((closed) => response.once('close', closed));
}

describe('http/client/request/response', () => {
  const stage = new Stage();
  afterEach(() => stage.end());

  for (const protocol of ['spdy/2', 'spdy/3', 'spdy/3.1', 'http/1.1']) {
    describe(protocol, () => {
      it('has each value of a repeated field in headersDistinct', async () => {
        const server = await stage.server({
          protocols: [protocol],
          handler: (stream) => {
            stream.respond(reply(200, ['x-two', 'a'], ['x-two', 'b'], ['set-cookie', 'c=d']));
            stream.end();
          },
          http: (_request, response) => {
            response.setHeader('x-two', ['a', 'b']);
            response.setHeader('set-cookie', ['c=d']);
            response.end();
          },
        });
        const request = stage.agent().get(server.url());
        const [response] = (await once(request, 'response')) as [IncomingMessage];
        expect(response.headersDistinct).to.include.keys('x-two', 'set-cookie');
        expect(response.headersDistinct['x-two']).to.deep.equal(['a', 'b']);
        response.headersDistinct = {};
        expect(response.headersDistinct).to.deep.equal({});
        response.resume();
      });

      it("emits 'aborted', then an error whose cause is ECONNRESET, when its request is destroyed", async () => {
        const server = await stage.server({ protocols: [protocol], ...halfway });
        const request = stage.agent().get(server.url());
        const [response] = (await once(request, 'response')) as [IncomingMessage];
        await once(response, 'data');
        const heard: string[] = [];
        for (const event of ['aborted', 'error', 'end']) {
          response.on(event, () => heard.push(event));
        }
        const failed = once(response, 'error');
        const closed = closeOf(response);
        request.destroy();
        const [error] = (await failed) as [SpdyError];
        expect(codeOf(error)).to.equal('ECONNRESET');
        await closed;
        expect(heard).to.deep.equal(['aborted', 'error']);
      });
    });
  }

  it('is closed without an error for those who do not listen, when its request is destroyed', async () => {
    const server = await stage.server({ protocols: ['spdy/3.1'], ...halfway });
    const request = stage.agent().get(server.url());
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    request.destroy();
    await closeOf(response);
    expect(response.aborted).to.equal(true);
  });

  it('tells those who have awaited it that it was reset, though reply and reset came together', async () => {
    const server = await stage.server({
      protocols: ['spdy/3.1'],
      handler: (stream) => {
        stream.respond(reply(200));
        stream.close(CANCEL);
      },
    });
    const request = stage.agent().get(server.url());
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    const [error] = (await once(response, 'error')) as [SpdyError];
    expect(error.code).to.equal('ERR_SPDY_STREAM_RESET');
    expect(codeOf(error)).to.equal('ECONNRESET');
    expect(response.complete).to.equal(false);
  });
});
