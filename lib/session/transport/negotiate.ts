import { shown } from '../../common/check.ts';
import { InvalidArgumentError, UnsupportedVersionError } from '../../errors.ts';
import type { SpdyVersion } from '../../protocol/constants.ts';
import {
  findVersion,
  PROTOCOL_VERSIONS,
  type ProtocolVersion,
  type SessionVersion,
} from '../../protocol/version.ts';

export type { SessionVersion } from '../../protocol/version.ts';

/** What `selectNextProtocol` has chosen. */
export interface SelectedProtocol {
  /** The SPDY version, 0 for HTTP/1.1. */
  readonly version: SpdyVersion | 0;
  /** The ALPN name. */
  readonly protocol: string;
}

/** The ALPN (formerly NPN) names that are spoken here, best first: `spdy/3.1`, `spdy/3`, `spdy/2`. A new array each time. */
export function getNpnProtocols(): string[] {
  return PROTOCOL_VERSIONS.map((version) => version.name);
}

/**
 * The SPDY version with exactly this ALPN name, else 0. Takes `socket.alpnProtocol` as it is: `false` and null are 0.
 */
export function npnGetVersion(name: string | false | null | undefined): SpdyVersion | 0 {
  for (const version of PROTOCOL_VERSIONS) if (version.name === name) return version.id;
  return 0;
}

/**
 * Chooses from the peer's protocols as Spdylay does: the best SPDY version wherever it stands in the list, else `http/1.1`
 * as version 0, else null. Takes names, or the list in wire format (each name behind a byte with its length), of which a name
 * that runs past the end never matches.
 */
export function selectNextProtocol(
  protocols: readonly string[] | Uint8Array,
): SelectedProtocol | null {
  const names = protocols instanceof Uint8Array ? parseWireList(protocols) : protocols;
  for (const version of PROTOCOL_VERSIONS) {
    if (names.includes(version.name)) return { version: version.id, protocol: version.name };
  }
  return names.includes('http/1.1') ? { version: 0, protocol: 'http/1.1' } : null;
}

/**
 * The record of a version given by number or name.
 * @throws UnsupportedVersionError for anything else.
 */
export function resolveVersion(version: SessionVersion): ProtocolVersion {
  const found = findVersion(version);
  if (found === null) {
    const meant = versionMeant(version);
    const advice =
      meant === null
        ? `only ${getNpnProtocols().join(', ')} (numbers 4, 3, 2)`
        : `write '${meant.name}' or the number ${meant.id}`;
    throw new UnsupportedVersionError(
      `SPDY version ${shown(version)} is not spoken here: ${advice}`,
    );
  }
  return found;
}

/**
 * The records of versions, best first.
 *
 * @throws InvalidArgumentError unless it is an array
 * @throws UnsupportedVersionError for an entry that is no version
 */
export function resolveVersions(versions: readonly SessionVersion[]): ProtocolVersion[] {
  if (!Array.isArray(versions))
    throw new InvalidArgumentError(
      `versions must be an array of SPDY versions, got ${shown(versions)}`,
    );
  return versions.map((version) => resolveVersion(version as SessionVersion));
}

/**
 * Checks a list of ALPN protocols.
 *
 * @throws InvalidArgumentError unless it is an array of names with 1 to 255 bytes
 */
export function checkProtocols(protocols: readonly string[]): readonly string[] {
  const valid = (name: unknown): boolean =>
    typeof name === 'string' && name !== '' && Buffer.byteLength(name) <= 255;
  if (Array.isArray(protocols) && protocols.every(valid)) return protocols;
  throw new InvalidArgumentError(
    `protocols must be an array of ALPN names, got ${shown(protocols)}`,
  );
}

/** What somebody may mean who writes `3.1`, `'3.1'`, `'SPDY/3.1'` or `'spdy3'`. */
function versionMeant(given: unknown): ProtocolVersion | null {
  const digits = String(given)
    .replace(/^spdy|^v/i, '')
    .replace(/^[/ v-]/i, '');
  return PROTOCOL_VERSIONS.find(({ name }) => name === `spdy/${digits}`) ?? null;
}

function parseWireList(list: Uint8Array): string[] {
  const names: string[] = [];
  for (let at = 0; at < list.length; ) {
    const length = list[at] as number;
    const end = at + 1 + length;
    if (end > list.length) break;
    names.push(Buffer.from(list.buffer, list.byteOffset + at + 1, length).toString('latin1'));
    at = end;
  }
  return names;
}
