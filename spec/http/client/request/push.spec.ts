import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { expect } from 'chai';
import type { PushedRequest } from '../../../../lib/http/client/request/push.ts';
import type { ClientRequest } from '../../../../lib/http/client/request/request.ts';
import type { ClientResponse } from '../../../../lib/http/client/request/response.ts';
import {
  CANCEL,
  CTRL_FLAG_FIN,
  CTRL_FLAG_UNIDIRECTIONAL,
  INVALID_STREAM,
  PROTOCOL_ERROR,
  REFUSED_STREAM,
} from '../../../../lib/protocol/constants.ts';
import type { HeaderList } from '../../../../lib/protocol/frames.ts';
import { PROTOCOL_VERSIONS } from '../../../../lib/protocol/version.ts';
import type { SpdyStream } from '../../../../lib/session/streams/stream.ts';
import { RawPeer, settle, tcpConnection, until } from '../../../support/session-pair.ts';
import { type OriginServer, reply, Stage, textOf } from '../../support/origin-server.ts';

type Push = [PushedRequest, ClientResponse];

describe('http/client/request/push', () => {
  const stage = new Stage();
  afterEach(() => stage.end());

  for (const version of PROTOCOL_VERSIONS) {
    describe(version.name, () => {
      let server: OriginServer;
      /** What the server does with the request before it ends the reply. */
      let act: (stream: SpdyStream, headers: HeaderList) => void;
      let pushes: Push[];

      beforeEach(async () => {
        pushes = [];
        server = await stage.server({
          protocols: [version.name],
          handler: (stream, headers) => {
            stream.respond(reply(200));
            act(stream, headers);
            stream.end('page');
          },
        });
      });

      /** The headers of a push as the version has them. */
      function announce(path: string, ...more: [string, string][]): HeaderList {
        const url: [string, string][] = version.plainPseudoNames
          ? [[':path', server.url(path)]]
          : [
              [':scheme', 'https'],
              [':host', `localhost:${server.port}`],
              [':path', path],
            ];
        return [[':method', 'GET'], ...url, [':version', 'HTTP/1.1'], ...more];
      }

      function push(stream: SpdyStream, headers: HeaderList): SpdyStream {
        const pushed = stream.pushStream(headers, { priority: 0 });
        pushed.on('error', () => {});
        return pushed;
      }

      /** Gets a page and listens for pushes. */
      async function visit(request = stage.agent().get(server.url())): Promise<ClientRequest> {
        request.on('push', (...args) => pushes.push(args));
        const [response] = (await once(request, 'response')) as [IncomingMessage];
        expect(await textOf(response)).to.equal('page');
        return request;
      }

      it('offers a pushed resource with its request (checklist 241, 244, 245)', async () => {
        act = (stream) => {
          push(stream, announce('/a.css', [':status', '200 OK'], ['content-type', 'text/css'])).end(
            'css',
          );
        };
        const agent = stage.agent();
        await visit(agent.get(server.url()));
        await until(() => pushes.length === 1);
        const [[request, response]] = pushes as [Push];
        expect(request).to.include({ method: 'GET', url: server.url('/a.css'), priority: 0 });
        expect(response.statusCode).to.equal(200);
        expect(response.headers).to.deep.equal({ 'content-type': 'text/css' });
        expect(response.stream.id % 2).to.equal(0);
        expect(await textOf(response)).to.equal('css');
        expect(agent.statistics[0]?.pushes).to.equal(1);
      });

      it('waits for a status that comes in HEADERS', async () => {
        act = (stream) => {
          const pushed = push(stream, announce('/late', ['x', '1']));
          pushed.sendHeaders([
            [':status', '404'],
            [':version', 'HTTP/1.1'],
            ['y', '2'],
          ]);
          pushed.end('late');
        };
        await visit();
        await until(() => pushes.length === 1);
        const [[, response]] = pushes as [Push];
        expect(response.statusCode).to.equal(404);
        expect(response.headers).to.deep.equal({ x: '1', y: '2' });
        expect(await textOf(response)).to.equal('late');
      });

      it('goes on when the request has ended (checklist 247)', async () => {
        let pushed: SpdyStream | null = null;
        act = (stream) => {
          pushed = push(stream, announce('/long', [':status', '200']));
        };
        const request = await visit();
        if (!request.closed) await once(request, 'close');
        (pushed as unknown as SpdyStream).end('later');
        expect(await textOf((pushes as [Push])[0][1])).to.equal('later');
      });

      it('refuses pushes that nobody listens for (checklist 255)', async () => {
        act = (stream) => push(stream, announce('/a', [':status', '200']));
        const [response] = await once(stage.agent().get(server.url()), 'response');
        expect(await textOf(response)).to.equal('page');
        await until(() => server.resets.length === 1);
        expect(server.resets).to.deep.equal([REFUSED_STREAM]);
      });

      it('gives them to the agent if the request does not listen', async () => {
        act = (stream) => push(stream, announce('/a', [':status', '200'])).end('a');
        const agent = stage.agent({ onPush: (...args) => pushes.push(args) });
        const [response] = await once(agent.get(server.url()), 'response');
        response.resume();
        await until(() => pushes.length === 1);
        expect(await textOf((pushes as [Push])[0][1])).to.equal('a');
      });

      it('refuses a push for another origin (checklist 251)', async () => {
        act = (stream) => {
          for (const [scheme, host] of [
            ['https', 'other.example'],
            ['http', `localhost:${server.port}`],
            ['https', `localhost:${server.port + 1}`],
          ] as const) {
            const path = version.plainPseudoNames ? `${scheme}://${host}/` : '/';
            const own = new Set([':scheme', ':host', ':path']);
            push(stream, [
              ...announce('/', [':status', '200']).filter(([name]) => !own.has(name)),
              [':scheme', scheme],
              [':host', host],
              [':path', path],
            ]);
          }
        };
        await visit();
        await until(() => server.resets.length === 3);
        expect(server.resets).to.deep.equal([REFUSED_STREAM, REFUSED_STREAM, REFUSED_STREAM]);
        expect(pushes).to.have.length(0);
      });

      it('takes a push for the host that the request has named, and for no other', async () => {
        act = (stream) => {
          for (const host of ['named.example', `localhost:${server.port}`]) {
            const path = version.plainPseudoNames ? `https://${host}/` : '/';
            const own = new Set([':scheme', ':host', ':path']);
            push(stream, [
              ...announce('/', [':status', '200']).filter(([name]) => !own.has(name)),
              [':scheme', 'https'],
              [':host', host],
              [':path', path],
            ]).end();
          }
        };
        const agent = stage.agent({ onPush: (...args) => pushes.push(args) });
        agent.get(server.url(), { headers: { host: 'named.example' } });
        await until(() => server.resets.length === 1 && pushes.length === 1);
        expect((pushes as [Push])[0][0].url).to.equal('https://named.example/');
      });

      it('resets a push that tells no URL, or one that is being pushed already (checklist 244, 245)', async () => {
        act = (stream) => {
          push(
            stream,
            announce('/x', [':status', '200']).filter(([name]) => name !== ':path'),
          );
          if (version.plainPseudoNames) {
            push(stream, [
              [':method', 'GET'],
              [':path', '/x'],
              [':version', 'HTTP/1.1'],
              [':status', '200'],
            ]);
          } else {
            push(
              stream,
              announce('/x', [':status', '200']).filter(([name]) => name !== ':host'),
            );
          }
          push(stream, announce('/twice', [':status', '200']));
          push(stream, announce('/twice', [':status', '200']));
        };
        await visit();
        await until(() => server.resets.length === 3);
        expect(server.resets).to.deep.equal([PROTOCOL_ERROR, PROTOCOL_ERROR, PROTOCOL_ERROR]);
        expect(pushes).to.have.length(1);
      });

      it('resets a push whose HEADERS repeat a name or tell the URL again (checklist 249, 250)', async () => {
        act = (stream) => {
          const repeats = push(stream, announce('/1', [':status', '200'], ['x', '1']));
          repeats.sendHeaders([['x', '2']]);
          const tells = push(stream, announce('/2', [':status', '200']));
          tells.sendHeaders([[':path', '/other']]);
        };
        const request = stage.agent().get(server.url());
        const errors: string[] = [];
        request.on('push', (_request, response) =>
          response.on('error', (error) => errors.push((error as Error & { code: string }).code)),
        );
        await visit(request);
        await until(() => server.resets.length === 2 && errors.length === 2);
        expect(server.resets).to.deep.equal([PROTOCOL_ERROR, PROTOCOL_ERROR]);
        expect(errors).to.deep.equal(['ERR_SPDY_PROTOCOL', 'ERR_SPDY_PROTOCOL']);
      });

      it('resets a push without a status when its body comes', async () => {
        act = (stream) => push(stream, announce('/x')).write('body');
        await visit();
        await until(() => server.resets.length === 1);
        expect(server.resets).to.deep.equal([PROTOCOL_ERROR]);
        expect(pushes).to.have.length(0);
      });

      it('resets a stream of the server that is no push (checklist 242)', async () => {
        act = () => {};
        await visit();
        const [session] = server.sessions;
        session?.request(announce('/x', [':status', '200'])).on('error', () => {});
        await until(() => server.resets.length === 1);
        expect(server.resets).to.deep.equal([INVALID_STREAM]);
        await settle();
        expect(pushes).to.have.length(0);
      });

      it('resets a push for a request that is gone (checklist 243)', async () => {
        const { client, server: other } = await tcpConnection();
        const agent = stage.agent({ version: version.name, createConnection: () => client });
        const peer = new RawPeer(other, version);
        const request = agent.get('http://localhost/');
        await peer.frame('SYN_STREAM');
        const named = (headers: HeaderList): HeaderList =>
          version.plainPseudoNames
            ? headers.map(([name, value]) => [name.replace(':', ''), value])
            : headers;
        peer.send(peer.make.synReply(1, named(reply(200)), { flags: CTRL_FLAG_FIN }));
        await once(request, 'close');
        const late = named(announce('/late', [':status', '200']));
        const fields = { associatedToStreamId: 1, flags: CTRL_FLAG_UNIDIRECTIONAL };
        peer.send(peer.make.synStream(2, late, fields));
        const { frame } = await peer.frame('RST_STREAM');
        expect(frame).to.include({ streamId: 2, status: PROTOCOL_ERROR });
        other.destroy();
      });

      it('stops a push at once when its response is destroyed (checklist 252)', async () => {
        act = (stream) => push(stream, announce('/x', [':status', '200'])).write('begun');
        await visit();
        await until(() => pushes.length === 1);
        (pushes as [Push])[0][1].destroy();
        await until(() => server.resets.length === 1);
        expect(server.resets).to.deep.equal([CANCEL]);
      });

      it('takes the same URL again when the first push has ended', async () => {
        act = (stream) => push(stream, announce('/x', [':status', '200'])).end('x');
        const agent = stage.agent();
        for (const count of [1, 2]) {
          await visit(agent.get(server.url()));
          await until(() => pushes.length === count);
          expect(await textOf((pushes[count - 1] as Push)[1])).to.equal('x');
        }
        expect(server.resets).to.deep.equal([]);
      });
    });
  }
});
