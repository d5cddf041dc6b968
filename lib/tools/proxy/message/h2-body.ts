import http2 from 'node:http2';
import type { HeaderList } from '../../../protocol/frames.ts';
import { pairsOf, trailerFields } from './fields.ts';
import { cutOff, type MessageBody } from './message-body.ts';

const { NGHTTP2_NO_ERROR } = http2.constants;

/** The body of a message by HTTP/2. An 'end' that comes with a reset is none. */
export function bodyOfH2(stream: http2.Http2Stream, length: number | null): MessageBody {
  let trailers: HeaderList = [];
  stream.on('trailers', (_headers, _flags, raw?: string[]) => {
    trailers = raw === undefined ? pairsOfObject(_headers) : pairsOf(raw);
  });
  return {
    stream,
    length,
    trailers: () => trailerFields(trailers),
    confirm: (done) => {
      const { rstCode, aborted } = stream;
      const whole = !aborted && (rstCode ?? NGHTTP2_NO_ERROR) === NGHTTP2_NO_ERROR;
      done(whole ? null : cutOff(stream.errored));
    },
  };
}

/** Fields out of an object of `http2`. */
export function pairsOfObject(headers: http2.IncomingHttpHeaders): HeaderList {
  const pairs: [string, string][] = [];
  for (const [name, value] of Object.entries(headers)) {
    if (name.startsWith(':') || value === undefined) continue;
    for (const item of Array.isArray(value) ? value : [value]) pairs.push([name, item]);
  }
  return pairs;
}
