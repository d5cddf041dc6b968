// spdylay: a SpdyStream for each stream at both ends, or the events and calls of a Session.
import { requestList, responseList } from '../headers.mjs';
import { load } from '../product.mjs';
import { dial, socketServer } from '../sockets.mjs';
import {
  answer,
  MAX_STREAMS,
  PIECE,
  pieces,
  received,
  replyFor,
  upload,
  WINDOW,
} from '../work.mjs';

const { CLIENT, READ_EOF, SERVER, Session } = await load('index.js');

/** What sessions of all ends have beyond the defaults. */
export const sessionOptions = ({ kind, defaultWindows }) => ({
  maxConcurrentStreams: MAX_STREAMS,
  ...(defaultWindows ? {} : { initialWindowSize: WINDOW, sessionWindowSize: WINDOW }),
  ...(kind === 'spdystream' ? SPDYSTREAM : {}),
});

/** It knows no windows, and may lose an early SETTINGS. */
const SPDYSTREAM = { flowControl: false, lenientStreams: true, settingsTiming: 'never' };

/** A request that waits for its body. */
const HELD = { method: 'POST', path: '/empty' };

export function serve(options) {
  return socketServer(options, 'spdy/3.1', (socket) => {
    const session = new Session(SERVER, 'spdy/3.1', sessionOptions(options));
    session.on('error', () => {});
    if (options.kind === 'Session') onEvents(session);
    else session.on('stream', onStream);
    session.attach(socket);
  });
}

function onStream(stream, headers) {
  stream.on('error', () => {});
  answer(headers[0][1], headerOf(headers, ':path'), stream, stream, (length) => {
    stream.respond(responseList(stream.id, length), { endStream: length === 0 });
  });
}

function onEvents(session) {
  session.on('synStream', ({ streamId, headers }) => {
    session.setStreamUserData(streamId, replyFor(headerOf(headers, ':path')));
  });
  session.on('requestRecv', (streamId) => {
    const { length, piece } = session.getStreamUserData(streamId);
    const body = length === 0 ? null : pieces(length, piece);
    session.submitResponse(streamId, responseList(streamId, length), body);
  });
}

export async function connect(port, options) {
  const socket = await dial(port, options, 'spdy/3.1');
  const session = new Session(CLIENT, 'spdy/3.1', sessionOptions(options));
  session.on('error', () => {});
  session.attach(socket);
  const close = () => {
    session.destroy();
    socket.destroy();
  };
  const client = options.kind === 'Session' ? eventClient(session) : streamClient(session);
  // Not a copy: V8 would keep a shape for each.
  return Object.assign(client, { close });
}

/** Exchanges through SpdyStreams. */
export function streamClient(session) {
  return {
    exchange: ({ index, method, path, upload: length, priority }) => {
      const endStream = length === 0;
      const stream = session.request(requestList(index, method, path), { priority, endStream });
      if (!endStream) upload(stream, length);
      return received(stream);
    },
    hold: (index) => {
      const stream = session.request(requestList(index, HELD.method, HELD.path));
      const done = received(stream);
      return () => {
        stream.end();
        return done;
      };
    },
  };
}

function eventClient(session) {
  session.on('dataChunkRecv', (_flags, streamId, chunk) => {
    session.getStreamUserData(streamId).received += chunk.length;
  });
  session.on('streamClose', (streamId, _status, error) => {
    const { resolve, reject, received: length } = session.getStreamUserData(streamId);
    if (error) reject(error);
    else resolve(length);
  });
  const submit = (priority, headers, body) => {
    let handle;
    const done = new Promise((resolve, reject) => {
      const userData = { resolve, reject, received: 0 };
      handle = session.submitRequest(priority, headers, body, userData);
    });
    return { handle, done };
  };
  return {
    exchange: ({ index, method, path, upload: length, priority }) =>
      submit(priority, requestList(index, method, path), length === 0 ? null : bodyOf(length)).done,
    hold: (index) => {
      let ended = false;
      const readCb = (_streamId, _length, control) => {
        if (ended) control.flags = READ_EOF;
        return null;
      };
      const { handle, done } = submit(0, requestList(index, HELD.method, HELD.path), { readCb });
      return () => {
        ended = true;
        session.resumeData(handle.streamId);
        return done;
      };
    },
  };
}

const bodyOf = (length) => (length <= PIECE.length ? PIECE.subarray(0, length) : pieces(length));

function headerOf(headers, wanted) {
  for (const [name, value] of headers) if (name === wanted) return value;
  return '';
}
