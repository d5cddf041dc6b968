import { expect } from 'chai';
import {
  BaseSpdyStreamHandler,
  UrlFetchError,
  urlfetch,
} from '../../../../lib/http/client/fetch/urlfetch.ts';
import { CANCEL, REFUSED_STREAM } from '../../../../lib/protocol/constants.ts';
import type { HeaderList } from '../../../../lib/protocol/frames.ts';
import { PROTOCOL_VERSIONS } from '../../../../lib/protocol/version.ts';
import { sharedCertificate } from '../../../support/session-pair.ts';
import { answer, fieldOf, type OriginServer, Stage } from '../../support/origin-server.ts';

describe('http/client/fetch/urlfetch', () => {
  const stage = new Stage();
  const tls = { ca: sharedCertificate().cert };
  afterEach(() => stage.end());

  async function failureOf(promise: Promise<unknown>): Promise<UrlFetchError> {
    try {
      await promise;
    } catch (error) {
      return error as UrlFetchError;
    }
    throw new Error('it did not fail');
  }

  for (const version of PROTOCOL_VERSIONS) {
    describe(version.name, () => {
      it('fetches consecutive URLs of an origin in one session', async () => {
        let received: HeaderList = [];
        const servers = await Promise.all(
          [1, 2].map((number) =>
            stage.server({
              protocols: [version.name],
              handler: (stream, headers) => {
                received = headers;
                answer(stream, `${number}${fieldOf(headers, ':path')}`);
              },
            }),
          ),
        );
        const [first, second] = servers as [(typeof servers)[0], (typeof servers)[0]];
        const urls = [first.url('/a'), first.url('/b'), second.url('/c'), first.url('/d')];
        const log = new Map<string, string[]>(urls.map((url) => [url, []]));
        await urlfetch(
          urls,
          {
            onHeader: (headers, url) => log.get(url)?.push(fieldOf(headers, ':status')),
            onData: (chunk, url) => log.get(url)?.push(String(chunk)),
            onClose: (status, url) => log.get(url)?.push(String(status)),
          },
          { tls },
        );
        expect([...log.values()]).to.deep.equal(
          ['1/a', '1/b', '2/c', '1/d'].map((body) => ['200 OK', body, '0']),
        );
        expect(first.sessions.length).to.equal(2);
        expect(second.sessions.length).to.equal(1);
        expect(fieldOf(received, 'accept')).to.equal('*/*');
      });

      it('tells how each stream ended', async () => {
        const server = await stage.server({
          protocols: [version.name],
          handler: (stream, headers) => {
            stream.close(fieldOf(headers, ':path') === '/1' ? CANCEL : REFUSED_STREAM);
          },
        });
        const statuses: number[] = [];
        const onClose = (status: number): unknown => statuses.push(status);
        await urlfetch([server.url('/1'), server.url('/2')], { onClose }, { tls });
        expect(statuses).to.deep.equal([CANCEL, REFUSED_STREAM]);
      });
    });
  }

  it('makes a handler for each URL out of a class', async () => {
    const server = await stage.server();
    const closed: BaseSpdyStreamHandler[] = [];
    class Handler extends BaseSpdyStreamHandler {
      text = '';
      override onData(chunk: Buffer): void {
        this.text += chunk;
      }
      override onClose(): void {
        closed.push(this);
      }
    }
    await urlfetch([server.url('/a'), new URL(server.url('/b'))], Handler, { tls });
    expect(closed.map(({ url }) => url)).to.deep.equal([server.url('/a'), server.url('/b')]);
    expect(closed.map(({ streamId }) => streamId)).to.deep.equal([1, 3]);
    expect(closed.map((handler) => (handler as Handler).text)).to.deep.equal(['hello', 'hello']);
    await urlfetch(server.url(), BaseSpdyStreamHandler, { tls });
  });

  it('takes http URLs when the version is known', async () => {
    for (const version of PROTOCOL_VERSIONS) {
      const server = await stage.server({ plain: version });
      let text = '';
      const onData = (chunk: Buffer): void => {
        text += chunk;
      };
      await urlfetch(server.url(), { onData }, { version: version.name });
      expect(text).to.equal('hello');
    }
  });

  it('rejects with UrlFetchError', async () => {
    const http1 = await stage.server({ protocols: ['http/1.1'] });
    const gone = await stage.server();
    const url = gone.url();
    await gone.close();
    gone.close = () => Promise.resolve();
    const failures = [
      await failureOf(urlfetch('http://localhost/', {})),
      await failureOf(urlfetch('nonsense', {})),
      await failureOf(urlfetch(http1.url(), {}, { tls })),
      await failureOf(urlfetch(url, {}, { tls })),
    ];
    for (const error of failures) expect(error).to.be.instanceOf(UrlFetchError);
    expect(failures.map(({ message }) => message.split(':')[0])).to.deep.equal([
      'unsupported scheme',
      'unsupported URL',
      'the server speaks no SPDY',
      'could not connect',
    ]);
    expect(failures[3]?.url).to.equal(url);
    expect(failures[3]?.cause).to.have.property('code', 'ECONNREFUSED');
  });

  it('rejects when the session fails, after the handlers were told', async () => {
    const ends: ((server: OriginServer) => void)[] = [
      // DATA on stream 0 is no SPDY.
      (server) => server.sessions[0]?.socket?.write(Buffer.alloc(8)),
      (server) => server.sessions[0]?.socket?.destroy(),
    ];
    for (const end of ends) {
      const server: OriginServer = await stage.server({ handler: () => end(server) });
      const statuses: number[] = [];
      const onClose = (status: number): unknown => statuses.push(status);
      const error = await failureOf(urlfetch(server.url(), { onClose }, { tls }));
      expect(error.message).to.contain('the session failed');
      expect(statuses).to.have.length(1);
    }
  });

  it('rejects with what a handler throws', async () => {
    const server = await stage.server();
    const mine = new Error('mine');
    const onData = (): void => {
      throw mine;
    };
    expect(await failureOf(urlfetch(server.url(), { onData }, { tls }))).to.equal(mine);
  });
});
