import { harEntries } from '../../common/har-entries.ts';
import type { Header } from '../../protocol/frames.ts';
import type { LoadRequest } from './options.ts';

/** What a HAR says of a request; nothing of it is checked. */
interface HarRequest {
  readonly method?: unknown;
  readonly url?: unknown;
  readonly headers?: unknown;
  readonly postData?: { readonly text?: unknown; readonly encoding?: unknown } | null | undefined;
}

/** The requests of a HAR that can be sent. */
export interface HarScript {
  /** In the order of the HAR. */
  readonly requests: readonly LoadRequest[];
  /** How many entries are left out: requests to other servers, and what is no request by http or https. */
  readonly skipped: number;
}

/** Fields of one connection, and those that follow from the URL and the body. */
const OWN = new Set(
  'connection content-length host http2-settings keep-alive proxy-connection te transfer-encoding upgrade'.split(
    ' ',
  ),
);

/**
 * The requests of a HAR to one server, to be `urls` of `runLoad()`: URL, method, headers and body. With `origin` (as `https://localhost:6121`) all
 * of them go there, else those are taken that went where the first one did.
 *
 * @throws Error for what is no HAR, or has no such request
 */
export function harRequests(text: string, origin?: string): HarScript {
  const requests: LoadRequest[] = [];
  const entries = harEntries(text);
  let only: string | null = null;
  for (const entry of entries) {
    const { request } = (entry ?? {}) as { readonly request?: HarRequest | null };
    const url = urlOf(request?.url);
    if (url === null) continue;
    if (origin === undefined) only ??= url.origin;
    if (only !== null && url.origin !== only) continue;
    requests.push(requestOf(request as HarRequest, url, origin ?? url.origin));
  }
  if (requests.length === 0) throw new Error('the HAR has no request by http or https');
  return { requests, skipped: entries.length - requests.length };
}

function requestOf(
  { method, headers, postData }: HarRequest,
  { pathname, search }: URL,
  origin: string,
): LoadRequest {
  const body = postData?.text;
  const encoding = postData?.encoding === 'base64' ? 'base64' : 'utf8';
  return {
    url: `${origin}${pathname}${search}`,
    method: typeof method === 'string' ? method : 'GET',
    headers: Array.isArray(headers) ? headers.flatMap(headerOf) : [],
    ...(typeof body === 'string' ? { body: Buffer.from(body, encoding) } : {}),
  };
}

function headerOf(given: unknown): Header[] {
  const { name, value } = (given ?? {}) as { readonly name?: unknown; readonly value?: unknown };
  if (typeof name !== 'string' || typeof value !== 'string') return [];
  const lower = name.toLowerCase();
  return lower.startsWith(':') || OWN.has(lower) ? [] : [[lower, value]];
}

function urlOf(given: unknown): URL | null {
  const url = typeof given === 'string' && URL.canParse(given) ? new URL(given) : null;
  return url !== null && /^https?:$/.test(url.protocol) ? url : null;
}
