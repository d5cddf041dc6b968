import type { Engine } from '../../engine/engine.ts';
import { SpdyStream } from './stream.ts';
import { StreamBirth } from './stream-birth.ts';

/** What applications keep with SpdyStreams by `setStreamUserData()`. */
const kept = new WeakMap<SpdyStream, unknown>();

/**
 * The SpdyStream with this id, if there is one: it is the user data that the engine keeps with the stream. `port` is what the
 * SpdyStreams of the session have, since the application may keep one of another session with a stream that is none.
 */
export function streamOf(engine: Engine, port: object, streamId: number): SpdyStream | undefined {
  const data = engine.getStreamUserData(streamId);
  return data instanceof SpdyStream && data.isOf(port, streamId) ? data : undefined;
}

/** Lets a SpdyStream be found; what the application keeps with its stream already is still there. */
export function adoptStream(engine: Engine, stream: SpdyStream): void {
  const data = engine.getStreamUserData(stream.id);
  engine.setStreamUserData(stream.id, stream);
  if (data !== null) kept.set(stream, data);
}

/** User data as the application knows it: a stream that was opened here is its own, unless it has been given another one. */
export function userDataOf(engine: Engine, port: object, streamId: number): unknown {
  const data = engine.getStreamUserData(streamId);
  if (data instanceof StreamBirth) return data.stream;
  const stream = streamOf(engine, port, streamId);
  if (stream === undefined) return data;
  return kept.has(stream) ? kept.get(stream) : stream.own ? stream : null;
}

/** Keeps user data of the application. */
export function keepUserData(
  engine: Engine,
  port: object,
  streamId: number,
  userData: unknown,
): void {
  const stream = streamOf(engine, port, streamId);
  if (stream === undefined) engine.setStreamUserData(streamId, userData);
  else kept.set(stream, userData ?? null);
}
