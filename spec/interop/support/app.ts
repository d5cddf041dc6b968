import {
  CTRL_FLAG_FIN,
  CTRL_FLAG_NONE,
  CTRL_FLAG_UNIDIRECTIONAL,
  DATA_FLAG_FIN,
} from '../../../lib/protocol/constants.ts';
import type { HeaderList } from '../../../lib/protocol/frames.ts';
import type { Session } from '../../../lib/session/session.ts';
import { pattern, sha256 } from './bytes.ts';
import { headerValue } from './client.ts';

interface Exchange {
  readonly headers: HeaderList;
  readonly trailers: [string, string][];
  readonly body: Buffer[];
}

/**
 * A small HTTP-like application on the events of a server session. Routes: /bytes/N, /echo, /digest, /headers, /status/N,
 * /trailers, /multi, /push, /push/merged, /rst/CODE, /goaway, /slow/MS.
 */
export function serve(session: Session): void {
  const open = new Map<number, Exchange>();
  session.on('synStream', ({ streamId, headers }) => {
    open.set(streamId, { headers, trailers: [], body: [] });
  });
  session.on('headers', ({ streamId, headers }) => {
    for (const [name, value] of headers) open.get(streamId)?.trailers.push([name, value]);
  });
  session.on('dataChunkRecv', (_flags, streamId, data) => {
    open.get(streamId)?.body.push(Buffer.from(data));
  });
  session.on('requestRecv', (streamId) => {
    const exchange = open.get(streamId);
    if (exchange) answer(session, streamId, exchange);
  });
  session.on('streamClose', (streamId) => {
    open.delete(streamId);
  });
}

function answer(session: Session, streamId: number, { headers, trailers, body }: Exchange): void {
  const path = headerValue(headers, ':path') ?? '/';
  const [, route = '', argument = ''] = path.split('/');
  switch (route) {
    case 'bytes':
      reply(session, streamId, 200, pattern(Number(argument)));
      break;
    case 'echo':
      reply(session, streamId, 200, Buffer.concat(body));
      break;
    case 'digest':
      reply(session, streamId, 200, sha256(Buffer.concat(body)));
      break;
    case 'headers':
      reply(session, streamId, 200, JSON.stringify({ headers, trailers }));
      break;
    case 'status':
      reply(session, streamId, Number(argument), '');
      break;
    case 'slow':
      setTimeout(() => {
        if (!session.destroyed) reply(session, streamId, 200, 'slow\n');
      }, Number(argument)).unref();
      break;
    case 'multi':
      reply(session, streamId, 200, 'multi\n', [
        ['set-cookie', 'a=1'],
        ['set-cookie', 'b=2'],
      ]);
      break;
    case 'trailers':
      replyWithTrailers(session, streamId);
      break;
    case 'push':
      push(session, streamId, headers, argument === 'merged');
      break;
    case 'rst':
      session.submitRstStream(streamId, Number(argument));
      break;
    case 'goaway':
      reply(session, streamId, 200, 'bye\n');
      session.submitGoaway();
      break;
    default:
      reply(session, streamId, path === '/' ? 200 : 404, 'spdylay\n');
      break;
  }
}

function head(status: number, length: number, extra: HeaderList = []): HeaderList {
  return [
    [':status', String(status)],
    [':version', 'HTTP/1.1'],
    ['content-length', String(length)],
    ['content-type', 'application/octet-stream'],
    ...extra,
  ];
}

function reply(
  session: Session,
  streamId: number,
  status: number,
  content: Buffer | string,
  extra?: HeaderList,
): void {
  const body = Buffer.from(content);
  session.submitResponse(streamId, head(status, body.length, extra), body.length > 0 ? body : null);
}

/** The trailers follow when the body is out: HEADERS overtake queued DATA. */
function replyWithTrailers(session: Session, streamId: number): void {
  const body = Buffer.from('body\n');
  const sent = (_flags: number, id: number): void => {
    if (id !== streamId) return;
    session.off('dataSend', sent);
    session.submitHeaders(CTRL_FLAG_FIN, streamId, [
      ['x-trailer', 'one'],
      ['x-trailer', 'two'],
    ]);
  };
  session.on('dataSend', sent);
  session.submitSynReply(CTRL_FLAG_NONE, streamId, head(200, body.length));
  session.submitData(streamId, 0, body);
}

/**
 * Pushes one resource, then answers. `merged`: the status stands in the SYN_STREAM (spdy-transport); else it
 * follows in HEADERS, the form that most clients take.
 */
function push(session: Session, streamId: number, request: HeaderList, merged: boolean): void {
  const body = Buffer.from('pushed\n');
  const status: HeaderList = [
    [':status', '200'],
    [':version', 'HTTP/1.1'],
  ];
  const token = {};
  const opened = ({ streamId: pushed }: { streamId: number }): void => {
    if (session.getStreamUserData(pushed) !== token) return;
    session.off('ctrlSend', onSent);
    if (!merged) session.submitHeaders(CTRL_FLAG_NONE, pushed, status);
    session.submitData(pushed, DATA_FLAG_FIN, body);
    reply(session, streamId, 200, 'pusher\n');
  };
  const onSent: Parameters<typeof session.on<'ctrlSend'>>[1] = (frame) => {
    if ('streamId' in frame) opened(frame);
  };
  session.on('ctrlSend', onSent);
  session.submitSynStream(
    CTRL_FLAG_UNIDIRECTIONAL,
    streamId,
    0,
    [
      [':method', 'GET'],
      [':path', '/pushed/1'],
      [':version', 'HTTP/1.1'],
      [':host', headerValue(request, ':host') ?? 'localhost'],
      [':scheme', headerValue(request, ':scheme') ?? 'http'],
      ...(merged ? ([[':status', '200']] as const) : []),
    ],
    token,
  );
}
