import { readdir } from 'node:fs/promises';
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import type { Writable } from 'node:stream';
import type { SpdyResponse } from '../../http/server/exchange/response.ts';
import { checkConditions, requestedRange } from './conditions.ts';
import { FileStore, type Located, type LocatedFile } from './file-store.ts';
import { sendFile } from './file-transfer.ts';
import { decodePath, isServed } from './lookup.ts';
import {
  resolveStaticFiles,
  type StaticFilesOptions,
  type StaticFilesSettings,
} from './options.ts';
import { listingPage, statusPage } from './pages.ts';
import {
  chooseRepresentation,
  commonHeaders,
  type Representation,
  release,
} from './representation.ts';

/** Answers requests for files: a handler for `createServer()` of `spdylay`, `http` and `https`. */
export type StaticFilesHandler = (request: IncomingMessage, response: ServerResponse) => void;

/**
 * Makes a handler that serves the files of a directory: GET and HEAD, with types, validators, conditions, single ranges, and the compressed
 * files that lie beside plain ones (`.br`, `.gz`). Small files are kept in memory up to a bound.
 *
 * @throws InvalidArgumentError for an option that is none, and for a value that is out of range
 * @throws Error when the directory cannot be found
 */
export function serveFiles(options: StaticFilesOptions): StaticFilesHandler {
  const settings = resolveStaticFiles(options);
  const site = { settings, store: new FileStore(settings) };
  return (request, response) => {
    // Bodies of requests are of no use here.
    request.resume();
    const { method, url = '/' } = request;
    const query = url.indexOf('?');
    const path = query === -1 ? url : url.slice(0, query);
    const known = method === 'GET' || method === 'HEAD' ? site.store.recall(path) : null;
    if (known !== null && !settings.push.has(path)) {
      answerFile(site, request, response, known);
      return;
    }
    answer(site, request, response, path).catch(() => {
      if (response.headersSent) response.destroy();
      else sendPage(settings, response, 500);
    });
  };
}

/** A folder that is served. */
interface Site {
  readonly settings: StaticFilesSettings;
  readonly store: FileStore;
}

async function answer(
  site: Site,
  request: IncomingMessage,
  response: SpdyResponse,
  path: string,
): Promise<void> {
  const { settings } = site;
  const { method, url = '/' } = request;
  if (method !== 'GET' && method !== 'HEAD') {
    if (method === 'OPTIONS' && settings.cors) allowRequest(settings, response);
    else sendPage(settings, response, 405, { allow: allowedMethods(settings) });
    return;
  }
  const located = await locate(site, path);
  switch (located.kind) {
    case 'error':
      sendPage(settings, response, located.status);
      return;
    case 'redirect': {
      // Two slashes at the beginning would name another server.
      const location = `/${path.replace(/^\/+/, '')}/${url.slice(path.length)}`;
      sendPage(settings, response, 301, { location });
      return;
    }
    case 'directory':
      if (!settings.listing) sendPage(settings, response, 404);
      else sendHtml(settings, response, 200, await listing(settings, located.path, path));
      return;
    case 'file':
      if (method === 'GET') await pushFor(site, request, response, path);
      answerFile(site, request, response, located);
  }
}

/** What a path stands for; in an application that routes by itself the paths that are no files are its page. */
async function locate({ settings, store }: Site, path: string): Promise<Located> {
  const located = await store.find(path);
  const missing =
    located.kind === 'directory'
      ? !settings.listing
      : located.kind === 'error' && located.status === 404;
  const isRoute = missing && settings.spa && decodePath(path)?.at(-1)?.includes('.') === false;
  return isRoute ? (store.recall('/') ?? store.find('/')) : located;
}

/** Answers a preflight of CORS (Fetch 3.3.2): whatever can be asked here may be. */
function allowRequest(settings: StaticFilesSettings, response: ServerResponse): void {
  const headers = {
    ...commonHeaders(settings),
    allow: allowedMethods(settings),
    'access-control-allow-methods': 'GET, HEAD',
    'access-control-allow-headers': '*',
    'access-control-max-age': '86400',
  };
  response.writeHead(204, headers).end();
}

function allowedMethods({ cors }: StaticFilesSettings): string {
  return cors ? 'GET, HEAD, OPTIONS' : 'GET, HEAD';
}

/** Sends the file, the part of it that is wanted, or the status that the conditions demand. */
function answerFile(
  { settings, store }: Site,
  request: IncomingMessage,
  response: ServerResponse,
  located: LocatedFile,
): void {
  const { representations } = located;
  const chosen = chooseRepresentation(representations, request.headers);
  const { size, validators, headers } = chosen;
  const condition = checkConditions(request.headers, validators);
  const range =
    request.method === 'HEAD' ? null : requestedRange(request.headers, size, validators);
  const sent = condition === null && range !== 'unsatisfiable';
  if (located.state === null) release(representations, sent ? chosen : undefined);
  if (sent) store.holdFor(located, chosen, response);
  if (condition === 412) {
    sendPage(settings, response, 412);
  } else if (condition === 304) {
    const { 'content-type': _type, 'content-length': _length, ...rest } = headers;
    response.writeHead(304, rest).end();
  } else if (range === 'unsatisfiable') {
    sendPage(settings, response, 416, { 'content-range': `bytes */${size}` });
  } else if (range === null) {
    response.writeHead(200, headers);
    sendContent(chosen, 0, request.method === 'HEAD' ? -1 : size - 1, response);
  } else {
    const { first, last } = range;
    response.writeHead(206, {
      ...headers,
      'content-length': last - first + 1,
      'content-range': `bytes ${first}-${last}/${size}`,
    });
    sendContent(chosen, first, last, response);
  }
}

/** Sends the bytes from `first` to `last`, both included, and ends what they are sent to. */
function sendContent(
  { content }: Representation,
  first: number,
  last: number,
  out: Writable,
): void {
  if (!Buffer.isBuffer(content)) sendFile(content, first, last, out);
  else if (last < first) out.end();
  else out.end(last - first + 1 === content.length ? content : content.subarray(first, last + 1));
}

/** Pushes what belongs to a path, before the response that mentions it. What cannot be pushed is left out. */
async function pushFor(
  { settings, store }: Site,
  { headers }: IncomingMessage,
  response: SpdyResponse,
  path: string,
): Promise<void> {
  if (response.push === undefined) return;
  for (const target of settings.push.get(path) ?? []) {
    const located = await store.find(target);
    if (located.kind !== 'file') continue;
    const { 'accept-encoding': accepted } = headers;
    const wanted = accepted === undefined ? {} : { 'accept-encoding': accepted };
    const chosen = chooseRepresentation(located.representations, wanted);
    release(located.representations, chosen);
    try {
      const push = response.push(target, chosen.headers);
      store.holdFor(located, chosen, push);
      sendContent(chosen, 0, chosen.size - 1, push);
    } catch {
      // The client has gone, or has finished its session.
      release([chosen]);
    }
  }
}

async function listing(
  settings: StaticFilesSettings,
  directory: string,
  path: string,
): Promise<string> {
  const entries = await readdir(directory, { withFileTypes: true });
  const names = entries
    .filter(({ name }) => isServed(name, settings.dotfiles))
    .map((entry) => (entry.isDirectory() ? `${entry.name}/` : entry.name))
    .sort();
  const shown = `/${(decodePath(path) ?? []).join('/')}`;
  return listingPage(shown, shown === '/' ? names : ['../', ...names]);
}

function sendPage(
  settings: StaticFilesSettings,
  response: ServerResponse,
  status: number,
  headers: OutgoingHttpHeaders = {},
): void {
  sendHtml(settings, response, status, statusPage(status, settings.server), headers);
}

function sendHtml(
  settings: StaticFilesSettings,
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
