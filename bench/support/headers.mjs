// Header lists that change from request to request as they do in life.

/** 12 headers of a browser's request number `index`. */
export function requestHeaders(index, { method = 'GET', path = pathOf(index) } = {}) {
  return [
    [':method', method],
    [':scheme', 'https'],
    [':host', 'www.example.org'],
    [':path', path],
    [':version', 'HTTP/1.1'],
    [
      'accept',
      index % 3
        ? 'image/avif,image/webp,image/png,*/*;q=0.8'
        : 'text/html,application/xhtml+xml,*/*;q=0.8',
    ],
    ['accept-encoding', 'gzip, deflate, br'],
    ['accept-language', 'en-GB,en;q=0.7,de;q=0.3'],
    ['cookie', `session=8f2c41d07be3; theme=dark; seen=${1_700_000_000 + index}`],
    ['referer', `https://www.example.org/gallery/page-${index >> 3}`],
    ['user-agent', 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0'],
    ['cache-control', 'max-age=0'],
  ];
}

/** 8 headers of the reply to request number `index`. */
export function responseHeaders(index, contentLength = 0) {
  return [
    [':status', '200 OK'],
    [':version', 'HTTP/1.1'],
    ['content-type', index % 3 ? 'image/png' : 'text/html; charset=utf-8'],
    ['content-length', String(contentLength)],
    ['date', `Mon, 24 Nov 2025 10:${two(index / 60)}:${two(index)} GMT`],
    ['etag', `"${((index * 2_654_435_761) >>> 0).toString(16)}"`],
    ['cache-control', 'public, max-age=86400'],
    ['server', 'spdylay-bench'],
  ];
}

const pathOf = (index) => `/assets/${index % 7}/image-${index}.png?v=${(index * 7919) % 100_003}`;

const two = (value) => String(Math.floor(value) % 60).padStart(2, '0');

/** A list without its pseudo headers, as the object that the other interfaces take. */
function plainHeaders(list) {
  return Object.fromEntries(list.filter(([name]) => !name.startsWith(':')));
}

const RING = 1000;

/** Lists and objects are made once and come again after so many requests: making them is not what is measured. */
export function ring(make) {
  const rings = new Map();
  return (index, ...rest) => {
    const key = rest.join(' ');
    if (!rings.has(key)) rings.set(key, []);
    const kept = rings.get(key);
    const at = index % RING;
    kept[at] ??= make(at, ...rest);
    return kept[at];
  };
}

/** The headers of request number `index`, for a method and a path unless they are those of the index. */
export const requestList = ring((index, method, path) => requestHeaders(index, { method, path }));

/** Those of the reply, for a length of its body. */
export const responseList = ring(responseHeaders);

/** The header fields of a request without pseudo headers. */
export const requestFields = ring((index) => plainHeaders(requestHeaders(index)));

/** The header fields of a reply. */
export const responseFields = ring((index, length) => plainHeaders(responseHeaders(index, length)));
