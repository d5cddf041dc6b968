import { pattern } from './bytes.ts';
import { readAll, type TransportStream } from './spdy-transport.ts';

/** The application on a server of spdy-transport: /bytes/N, /echo, /headers, /trailers, /push, /abort, /cut. */
export async function transportApplication(stream: TransportStream): Promise<void> {
  stream.on('error', () => {});
  const [, route = '', argument = ''] = stream.path.split('/');
  switch (route) {
    case 'bytes':
      stream.respond(200, {});
      stream.end(pattern(Number(argument)));
      return;
    case 'echo': {
      const body = await readAll(stream);
      stream.respond(200, {});
      stream.end(body);
      return;
    }
    case 'headers':
      stream.respond(200, { 'X-Two': 'c' });
      stream.end(JSON.stringify({ ...stream.headers, ':path': stream.path }));
      return;
    case 'trailers':
      stream.respond(200, {});
      stream.write('body\n', () => {
        stream.sendHeaders({ 'x-trailer': 'one' });
        stream.end();
      });
      return;
    case 'push': {
      stream.respond(200, {});
      const request = { method: 'GET', path: '/pushed', host: stream.host, status: 200 };
      stream.pushPromise(request, (_error, pushed) => {
        pushed.on('error', () => {});
        pushed.end('pushed\n');
        stream.end('pusher\n');
      });
      return;
    }
    case 'cut':
      stream.respond(200, {});
      stream.write('part', () => stream.abort('INTERNAL_ERROR'));
      return;
    case 'abort':
      stream.abort('REFUSED_STREAM');
      return;
    default:
      stream.respond(404, {});
      stream.end();
  }
}
