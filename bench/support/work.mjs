// What all implementations of a comparison share, so that they do the same work.

/** Receive window of each stream and each session, in bytes: spdy-transport's default, set on the others. */
export const WINDOW = 1 << 20;

/** Streams that a server takes at once: more than any work opens. */
export const MAX_STREAMS = 200_000;

/** Bodies are written in pieces of this size. */
export const PIECE = Buffer.alloc(65_536, 'p');

/** What `/tiny/N` is written in. */
const TINY = PIECE.subarray(0, 100);

/**
 * What a server does for a path: `/empty` answers with headers alone, `/bytes/N` with N bytes in pieces of 64 KiB, `/tiny/N` in
 * writes of 100 bytes.
 */
export function replyFor(path) {
  if (path === '/empty') return { length: 0, piece: PIECE };
  const [, route, length] = path.split('/');
  if (route === 'bytes') return { length: Number(length), piece: PIECE };
  if (route === 'tiny') return { length: Number(length), piece: TINY };
  throw new Error(`no such route: ${path}`);
}

/**
 * Answers a request, a POST when its body was read.
 *
 * @param {string} method of the request
 * @param {string} path of the request
 * @param {import('node:stream').Readable} input its body
 * @param {import('node:stream').Writable} output takes the body of the reply
 * @param {(length: number) => void} respond sends the headers of the reply, and ends it if `length` is 0
 */
export function answer(method, path, input, output, respond) {
  const reply = replyFor(path);
  const send = () => {
    respond(reply.length);
    if (reply.length > 0) void writeBody(output, reply.length, reply.piece);
  };
  if (method === 'POST') input.on('end', send).resume();
  else send();
}

/** Writes a body as backpressure allows, and ends. */
export async function writeBody(output, length, piece = PIECE) {
  for (const part of pieces(length, piece)) {
    if (!output.write(part)) await new Promise((resolve) => output.once('drain', resolve));
  }
  output.end();
}

/** The pieces of a body of `length` bytes. */
export function* pieces(length, piece = PIECE) {
  for (let left = length; left > 0; left -= piece.length)
    yield left >= piece.length ? piece : piece.subarray(0, left);
}

/** Sends the body of a request: what fits into one piece in one go. */
export function upload(output, length) {
  if (length <= PIECE.length) output.end(PIECE.subarray(0, length));
  else void writeBody(output, length);
}

/** Counts what a Readable delivers, up to its end. */
export function received(input, emitter = input) {
  return new Promise((resolve, reject) => {
    let length = 0;
    input.on('data', (chunk) => {
      length += chunk.length;
    });
    input.on('end', () => resolve(length));
    emitter.on('error', reject);
  });
}
