import { speaksTls } from '../../common/network/tls-probe.ts';
import { SpdyError } from '../../errors.ts';
import { firstLine, foreignProtocol } from '../../framing/foreign-protocol.ts';
import { PING } from '../../protocol/constants.ts';
import { addressOf, type ConformanceSettings } from './options.ts';
import type { Peer } from './peer.ts';
import type { Seen } from './seen-frames.ts';

/** Errors of a handshake without a protocol in common. */
const REFUSALS: ReadonlySet<string | undefined> = new Set([
  'ERR_SPDY_NEGOTIATION',
  'ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL',
]);

/** What a server answers that takes lines of text. */
const HTTP_REQUEST = Buffer.from('GET / HTTP/1.0\r\n\r\n');

/**
 * Why a server does not speak a version, in words; null if it does, or says nothing. `open` makes a connection to it for that version.
 * Rejects when there is no connection, and with `ERR_SPDY_NOT_SPDY` for a server of something else.
 */
export async function refusalOf(
  open: () => Promise<Peer>,
  settings: ConformanceSettings,
): Promise<string | null> {
  try {
    const peer = await open();
    // Over plain TCP nobody has chosen: what it sends tells.
    peer.send(peer.make.ping(1));
    const first = await firstOf(peer);
    if (first === null && peer.frames.length === 0) await checkSilent(open, settings);
    const version = peer.frames.every(({ type }) => type === 'fault') ? versionOf(first) : null;
    return version === null ? null : `the server sends frames of version ${version}`;
  } catch (error) {
    if (!REFUSALS.has((error as NodeJS.ErrnoException).code)) throw error;
    return (error as Error).message;
  }
}

/** Waits for a frame that tells what a server speaks, and ends the connection. Throws for another protocol. */
async function firstOf(peer: Peer): Promise<Seen | null> {
  const first = await peer.find(
    (frame) => frame.type === PING || frame.type === 'DATA' || versionOf(frame) !== null,
  );
  peer.close();
  const name = foreignProtocol(peer.start);
  if (name === null) return first;
  const line = firstLine(peer.start);
  throw notSpdy(line === '' ? name : `${name}: ${line}`);
}

/** Throws if a server that says nothing to SPDY does so to what is more common. */
async function checkSilent(
  open: () => Promise<Peer>,
  settings: ConformanceSettings,
): Promise<void> {
  if (settings.tls === null && (await speaksTls(addressOf(settings), settings.timeoutMs)))
    throw notSpdy('TLS');
  const peer = await open();
  peer.send(HTTP_REQUEST);
  await firstOf(peer);
}

function notSpdy(what: string): SpdyError {
  return new SpdyError('ERR_SPDY_NOT_SPDY', `the server speaks ${what}, not SPDY`, 'peer');
}

/** The version of a frame that has a wrong one. */
function versionOf(frame: Seen | null): number | null {
  return frame?.type === 'fault' ? (frame.version ?? null) : null;
}
