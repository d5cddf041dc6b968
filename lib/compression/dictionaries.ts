/** Each word of SPDY/3's dictionary that stands behind its length (SPDY/3 2.6.10.1). */
const WORDS =
  'options head post put delete trace accept accept-charset accept-encoding accept-language ' +
  'accept-ranges age allow authorization cache-control connection content-base content-encoding ' +
  'content-language content-length content-location content-md5 content-range content-type date ' +
  'etag expect expires from host if-match if-modified-since if-none-match if-range ' +
  'if-unmodified-since last-modified location max-forwards pragma proxy-authenticate ' +
  'proxy-authorization range referer retry-after server te trailer transfer-encoding upgrade ' +
  'user-agent vary via warning www-authenticate method get status 200_OK version HTTP/1.1 url ' +
  'public set-cookie keep-alive origin';

/** What follows the words. */
const TAIL =
  '1001012012022052063003023033043053063074024054064074084094104114124134144154164175025045052' +
  '03 Non-Authoritative Information204 No Content301 Moved Permanently400 Bad Request401 ' +
  'Unauthorized403 Forbidden404 Not Found500 Internal Server Error501 Not Implemented503 Service ' +
  'UnavailableJan Feb Mar Apr May Jun Jul Aug Sept Oct Nov Dec 00:00:00 Mon, Tue, Wed, Thu, Fri, ' +
  'Sat, Sun, GMTchunked,text/html,image/png,image/jpg,image/gif,application/xml,application/' +
  'xhtml+xml,text/plain,text/javascript,publicprivatemax-age=gzip,deflate,sdchcharset=utf-8' +
  'charset=iso-8859-1,utf-,*,enq=0.';

/** SPDY/2's dictionary; the NUL at its end belongs to it. */
const SPDY2_TEXT =
  'optionsgetheadpostputdeletetraceacceptaccept-charsetaccept-encodingaccept-languageauthorization' +
  'expectfromhostif-modified-sinceif-matchif-none-matchif-rangeif-unmodifiedsincemax-forwards' +
  'proxy-authorizationrangerefererteuser-agent10010120020120220320420520630030130230330430530630740' +
  '0401402403404405406407408409410411412413414415416417500501502503504505accept-rangesageetag' +
  'locationproxy-authenticatepublicretry-afterservervarywarningwww-authenticateallowcontent-base' +
  'content-encodingcache-controlconnectiondatetrailertransfer-encodingupgradeviawarning' +
  'content-languagecontent-lengthcontent-locationcontent-md5content-rangecontent-typeetagexpires' +
  'last-modifiedset-cookieMondayTuesdayWednesdayThursdayFridaySaturdaySundayJanFebMarAprMayJunJul' +
  'AugSepOctNovDecchunkedtext/htmlimage/pngimage/jpgimage/gifapplication/xmlapplication/xhtml' +
  'text/plainpublicmax-agecharset=iso-8859-1utf-8gzipdeflateHTTP/1.1statusversionurl\0';

let spdy2: Uint8Array | null = null;
let spdy3: Uint8Array | null = null;

/** The preset dictionary of a wire version (SPDY/3 2.6.10.1); 3 serves SPDY/3 and SPDY/3.1. Made once, when asked for. */
export function dictionaryFor(wire: 2 | 3): Uint8Array {
  if (wire === 2) {
    spdy2 ??= Buffer.from(SPDY2_TEXT, 'latin1');
    return spdy2;
  }
  spdy3 ??= Buffer.from(spdy3Text(), 'latin1');
  return spdy3;
}

/** Ids that were computed, by their dictionaries. */
const ids: WeakMap<Uint8Array, number> = new WeakMap();

/** The Adler-32 of a dictionary, by which zlib headers name it (RFC 1950, 2.2). */
export function dictionaryId(dictionary: Uint8Array): number {
  let id = ids.get(dictionary);
  if (id === undefined) {
    id = adler32(dictionary);
    ids.set(dictionary, id);
  }
  return id;
}

/** RFC 1950's checksum. */
function adler32(bytes: Uint8Array): number {
  let a = 1;
  let b = 0;
  for (const byte of bytes) {
    a = (a + byte) % 65521;
    b = (b + a) % 65521;
  }
  return ((b << 16) | a) >>> 0;
}

function spdy3Text(): string {
  let text = '';
  for (const item of WORDS.split(' ')) {
    const word = item.replace('_', ' ');
    text += `\0\0\0${String.fromCharCode(word.length)}${word}`;
  }
  return text + TAIL;
}
