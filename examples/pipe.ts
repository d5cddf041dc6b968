/** Two sessions over plain TCP: the client posts a text, the server sends it back in capitals while it still arrives. */
import net, { type AddressInfo } from 'node:net';
import { PassThrough } from 'node:stream';
import { connect, SERVER, Session } from '../lib/index.ts';

const server = net.createServer((socket) => {
  const session = new Session(SERVER, 'spdy/3.1');
  socket.pipe(session).pipe(socket);
  const answers = new Map<number, PassThrough>();
  session.on('synStream', ({ streamId }) => {
    const answer = new PassThrough();
    answers.set(streamId, answer);
    const headers = [
      [':status', '200 OK'],
      [':version', 'HTTP/1.1'],
    ] as const;
    session.submitResponse(streamId, headers, answer);
  });
  session.on('dataChunkRecv', (_flags, streamId, chunk) => {
    answers.get(streamId)?.write(chunk.toString().toUpperCase());
  });
  session.on('requestRecv', (streamId) => answers.get(streamId)?.end());
  session.on('streamClose', (streamId) => answers.delete(streamId));
});
await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
const { port } = server.address() as AddressInfo;

async function* words(): AsyncGenerator<string> {
  for (const word of ['any ', 'async ', 'iterable ', 'is ', 'a ', 'request ', 'body\n']) {
    await new Promise((next) => setTimeout(next, 50));
    yield word;
  }
}

const session = await connect({ host: '127.0.0.1', port, tls: false });
session.on('synReply', ({ headers }) =>
  console.log(headers.map((pair) => pair.join(': ')).join('\n')),
);
session.on('dataChunkRecv', (_flags, _streamId, chunk) => process.stdout.write(chunk));
const finished = new Promise<void>((done) => session.once('streamClose', () => done()));
session.submitRequest(
  0,
  [
    [':method', 'POST'],
    [':scheme', 'http'],
    [':host', `127.0.0.1:${port}`],
    [':path', '/capitals'],
    [':version', 'HTTP/1.1'],
  ],
  words(),
);
await finished;
await session.close();
server.close();
