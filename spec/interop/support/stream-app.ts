import { finished } from 'node:stream/promises';
import type { HeaderList } from '../../../lib/protocol/frames.ts';
import type { Session } from '../../../lib/session/session.ts';
import type { SpdyStream } from '../../../lib/session/streams/stream.ts';
import { pattern } from './bytes.ts';
import { headerValue } from './client.ts';

/** The routes of `serve` that matter to streams, on a Duplex per stream: /bytes/N, /echo, /trailers, /push, /rst/CODE. */
export function serveStreams(session: Session): void {
  session.on('stream', (stream, headers) => {
    stream.on('error', () => {});
    const path = headerValue(headers, ':path') ?? '/';
    const [, route = '', argument = ''] = path.split('/');
    if (route === 'rst') {
      stream.close(Number(argument));
      return;
    }
    stream.respond([
      [':status', '200'],
      [':version', 'HTTP/1.1'],
    ]);
    if (route === 'bytes') stream.end(pattern(Number(argument)));
    else if (route === 'trailers') {
      stream.write('body\n');
      stream.sendTrailers([['x-trailer', 'one']]);
    } else if (route === 'push') {
      push(stream, headers);
      stream.end('pusher\n');
    } else stream.pipe(stream);
  });
}

/** Headers of a request. */
export function requestHeaders(method: string, path: string): HeaderList {
  return [
    [':method', method],
    [':path', path],
    [':version', 'HTTP/1.1'],
    [':host', 'localhost'],
    [':scheme', 'http'],
  ];
}

/** Sends a body and reads the reply whole. */
export async function exchange(stream: SpdyStream, body?: Buffer): Promise<Buffer> {
  const chunks: Buffer[] = [];
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  if (body) stream.end(body);
  await finished(stream);
  return Buffer.concat(chunks);
}

function push(stream: SpdyStream, request: HeaderList): void {
  const pushed = stream.pushStream([
    ...requestHeaders('GET', '/pushed/1').filter(([name]) => name !== ':host'),
    [':host', headerValue(request, ':host') ?? 'localhost'],
  ]);
  pushed.sendHeaders([
    [':status', '200'],
    [':version', 'HTTP/1.1'],
  ]);
  pushed.end('pushed\n');
}
