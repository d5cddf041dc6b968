import type { Readable } from 'node:stream';

/** A request body, and whether it can be sent again after a redirect. */
export interface FetchBody {
  /** The whole body, if it is in memory. */
  readonly bytes: Buffer | null;
  /** Opens the body, null when it is used up. */
  open(): { readonly stream: ReadableStream; readonly type: string | null } | null;
  /** Its length, null if that is not known. */
  readonly length: number | null;
}

/** The body of a request; null without one. */
export async function bodyOf(
  request: Request,
  given: RequestInit['body'],
): Promise<FetchBody | null> {
  if (request.body === null) return null;
  if (
    typeof given === 'string' ||
    given instanceof URLSearchParams ||
    given instanceof ArrayBuffer ||
    ArrayBuffer.isView(given)
  ) {
    const bytes = Buffer.from(await request.arrayBuffer());
    return { bytes, open: () => null, length: bytes.length };
  }
  const length = given instanceof Blob ? given.size : await formLength(given);
  let fresh: Request | null = request;
  const again = given instanceof Blob || given instanceof FormData;
  return {
    bytes: null,
    length,
    open: () => {
      // Only what can be read again yields a second body.
      const source =
        fresh ?? (again ? new Request(request.url, { method: 'POST', body: given as Blob }) : null);
      fresh = null;
      if (source === null || source.body === null) return null;
      return { stream: source.body, type: source.headers.get('content-type') };
    },
  };
}

/** How long a form is: as long as with empty files, and what is in them. Null for what is none. */
async function formLength(given: RequestInit['body']): Promise<number | null> {
  if (!(given instanceof FormData)) return null;
  const empty = new FormData();
  let inFiles = 0;
  for (const [name, value] of given) {
    if (typeof value === 'string') empty.append(name, value);
    else {
      empty.append(name, new File([], value.name, { type: value.type }));
      inFiles += value.size;
    }
  }
  return (await new Response(empty).arrayBuffer()).byteLength + inFiles;
}

/** A Node stream as the body of a Response. `reasonOf` gives what the reader is told instead of an error of the stream. */
export function webBody(source: Readable, reasonOf: (error: unknown) => unknown): ReadableStream {
  const chunks: AsyncIterator<Buffer> = source[Symbol.asyncIterator]();
  return new ReadableStream(
    {
      type: 'bytes',
      async pull(controller) {
        try {
          const { done, value } = await chunks.next();
          if (done === true) {
            controller.close();
            controller.byobRequest?.respond(0);
          } else if (value.length > 0) {
            // A copy: what is enqueued is transferred with the whole buffer behind it.
            controller.enqueue(new Uint8Array(value));
          }
        } catch (error) {
          controller.error(reasonOf(error));
        }
      },
      async cancel() {
        source.destroy();
      },
    },
    // Small bodies are taken although nobody reads them, so that their streams can end.
    { highWaterMark: 65536 },
  );
}
