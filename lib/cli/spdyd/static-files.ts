import { realpathSync } from 'node:fs';
import { type FileHandle, readdir } from 'node:fs/promises';
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import type { Writable } from 'node:stream';
import mime from 'mime';
import type { SpdyResponse } from '../../http/server/response.ts';
import { checkConditions, requestedRange, validatorsOf } from './file-conditions.ts';
import { decodePath, findFile, isServed } from './file-lookup.ts';
import { listingPage, statusPage } from './pages.ts';

/** How files are served. */
export interface StaticFilesOptions {
  /** The directory; nothing outside of it is ever served. */
  readonly root: string;
  /** Seconds for `cache-control: max-age`. Default 3600. */
  readonly maxAge?: number;
  /** Value of the field `server`, also shown on error pages. */
  readonly server?: string;
  /** Whether names that begin with a dot are served. Default false: they are not found (but `.well-known`). */
  readonly dotfiles?: boolean;
  /** Whether a directory without index.html is shown as a list. Default false: it is not found. */
  readonly listing?: boolean;
  /** What is pushed along with a path (SPDY only): paths by path. */
  readonly push?: ReadonlyMap<string, readonly string[]>;
}

/** Answers requests for files: a handler for `createServer()` of `spdylay`, `http` and `https`. */
export type StaticFilesHandler = (request: IncomingMessage, response: SpdyResponse) => void;

type Settings = Required<StaticFilesOptions>;

/** A file that is ready to be sent. */
interface OpenFile {
  readonly file: FileHandle;
  readonly size: number;
  readonly headers: OutgoingHttpHeaders;
}

/**
 * Makes a handler that serves the files of a directory: GET and HEAD, with types, validators, conditions and single ranges.
 *
 * @throws Error when the directory cannot be found
 */
export function serveFiles(options: StaticFilesOptions): StaticFilesHandler {
  const settings: Settings = {
    maxAge: 3600,
    server: 'spdylay',
    dotfiles: false,
    listing: false,
    push: new Map(),
    ...options,
    root: realpathSync(options.root),
  };
  return (request, response) => {
    // Bodies of requests are of no use here.
    request.resume();
    answer(settings, request, response).catch(() => {
      if (response.headersSent) response.destroy();
      else sendPage(settings, response, 500);
    });
  };
}

/** The media type of a file name, with its character set when it is text. */
export function contentType(path: string): string {
  const type = mime.getType(path) ?? 'application/octet-stream';
  const isText = type.startsWith('text/') || /[/+](?:json|xml|javascript)$/.test(type);
  return isText ? `${type}; charset=utf-8` : type;
}

async function answer(
  settings: Settings,
  request: IncomingMessage,
  response: SpdyResponse,
): Promise<void> {
  const { method = 'GET', url = '/' } = request;
  if (method !== 'GET' && method !== 'HEAD') {
    sendPage(settings, response, 405, { allow: 'GET, HEAD' });
    return;
  }
  const [, path = '', query = ''] = /^([^?]*)(.*)$/s.exec(url) ?? [];
  const found = await findFile(settings.root, path, settings.dotfiles);
  switch (found.kind) {
    case 'error':
      sendPage(settings, response, found.status);
      return;
    case 'redirect': {
      // Two slashes at the beginning would name another server.
      const location = `/${path.replace(/^\/+/, '')}/${query}`;
      sendPage(settings, response, 301, { location });
      return;
    }
    case 'directory':
      if (!settings.listing) sendPage(settings, response, 404);
      else sendHtml(settings, response, 200, await listing(settings, found.path, path));
      return;
    case 'file': {
      const open = await describe(settings, found.file, found.path);
      if (method === 'GET') await pushFor(settings, response, path);
      await sendFile(settings, request, response, open);
    }
  }
}

/** Headers of a file. It is closed if that fails. */
async function describe(settings: Settings, file: FileHandle, path: string): Promise<OpenFile> {
  try {
    const stats = await file.stat({ bigint: true });
    const { etag, modifiedMs } = validatorsOf(stats);
    const size = Number(stats.size);
    return {
      file,
      size,
      headers: {
        ...commonHeaders(settings),
        'content-type': contentType(path),
        'content-length': size,
        'cache-control': `max-age=${settings.maxAge}`,
        'last-modified': new Date(modifiedMs).toUTCString(),
        etag,
        'accept-ranges': 'bytes',
      },
    };
  } catch (error) {
    await file.close();
    throw error;
  }
}

async function sendFile(
  settings: Settings,
  request: IncomingMessage,
  response: ServerResponse,
  { file, size, headers }: OpenFile,
): Promise<void> {
  const validators = {
    etag: headers.etag as string,
    modifiedMs: Date.parse(headers['last-modified'] as string),
  };
  const condition = checkConditions(request.headers, validators);
  const head = request.method === 'HEAD';
  const range = head ? null : requestedRange(request.headers, size, validators);
  if (condition === 412) {
    await file.close();
    sendPage(settings, response, 412);
  } else if (condition === 304) {
    await file.close();
    const { 'content-type': _type, 'content-length': _length, ...rest } = headers;
    response.writeHead(304, rest).end();
  } else if (range === 'unsatisfiable') {
    await file.close();
    sendPage(settings, response, 416, { 'content-range': `bytes */${size}` });
  } else {
    if (range === null) response.writeHead(200, headers);
    else {
      const { first, last } = range;
      response.writeHead(206, {
        ...headers,
        'content-length': last - first + 1,
        'content-range': `bytes ${first}-${last}/${size}`,
      });
    }
    await copy(file, range?.first ?? 0, head ? -1 : (range?.last ?? size - 1), response);
  }
}

/** Copies bytes of a file, and closes it. A file that has become shorter meanwhile breaks the response off. */
async function copy(file: FileHandle, first: number, last: number, out: Writable): Promise<void> {
  if (last < first || out.destroyed) {
    await file.close();
    out.end();
    return;
  }
  const source = file.createReadStream({ start: first, end: last });
  const broken = (): void => {
    out.destroy();
  };
  source.on('error', broken);
  source.on('end', () => {
    if (source.bytesRead === last - first + 1) out.end();
    else broken();
  });
  out.once('close', () => source.destroy());
  source.pipe(out, { end: false });
}

/** Pushes what belongs to a path, before the response that mentions it. What cannot be pushed is left out. */
async function pushFor(settings: Settings, response: SpdyResponse, path: string): Promise<void> {
  if (response.push === undefined) return;
  for (const target of settings.push.get(path) ?? []) {
    const found = await findFile(settings.root, target, settings.dotfiles);
    if (found.kind !== 'file') continue;
    try {
      const { size, headers } = await describe(settings, found.file, found.path);
      await copy(found.file, 0, size - 1, response.push(target, headers));
    } catch {
      // The client has gone, or has finished its session.
      await found.file.close();
    }
  }
}

async function listing(settings: Settings, directory: string, path: string): Promise<string> {
  const entries = await readdir(directory, { withFileTypes: true });
  const names = entries
    .filter(({ name }) => isServed(name, settings.dotfiles))
    .map((entry) => (entry.isDirectory() ? `${entry.name}/` : entry.name))
    .sort();
  const shown = `/${(decodePath(path) ?? []).join('/')}`;
  return listingPage(shown, shown === '/' ? names : ['../', ...names]);
}

function sendPage(
  settings: Settings,
  response: ServerResponse,
  status: number,
  headers: OutgoingHttpHeaders = {},
): void {
  sendHtml(settings, response, status, statusPage(status, settings.server), headers);
}

function sendHtml(
  settings: Settings,
  response: ServerResponse,
  status: number,
  html: string,
  headers: OutgoingHttpHeaders = {},
): void {
  response.writeHead(status, {
    ...commonHeaders(settings),
    'content-type': 'text/html; charset=utf-8',
    'content-length': Buffer.byteLength(html),
    ...headers,
  });
  response.end(html);
}

function commonHeaders(settings: Settings): OutgoingHttpHeaders {
  return { server: settings.server, 'x-content-type-options': 'nosniff' };
}
