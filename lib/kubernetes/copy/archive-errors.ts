import { SpdyError } from '../../errors.ts';
import { ConnectionLostError } from '../errors.ts';
import { printable } from '../wire/printable.ts';

/** A name in the archive that leads outside of the destination. */
export function leadsOutside(name: string): SpdyError {
  const message = `the archive of the pod leads outside of the destination: ${printable(name)}`;
  return new SpdyError('ERR_SPDY_PROTOCOL', message, 'peer');
}

/** What the pod has sent is no archive. */
export function malformedArchive(reason: string): SpdyError {
  if (/truncated/i.test(reason)) return archiveCutOff();
  const message = `the pod has sent no proper archive: ${printable(reason)}`;
  return new SpdyError('ERR_SPDY_PROTOCOL', message, 'peer');
}

/** The archive ends too early. */
export function archiveCutOff(): ConnectionLostError {
  return new ConnectionLostError('the archive of the pod is cut off');
}

/** A limit of the caller is exceeded. */
export function archiveTooLarge(what: string, limit: number): SpdyError {
  const message = `the archive of the pod has more than ${limit} ${what}`;
  return new SpdyError('ERR_SPDY_TOO_MUCH_BUFFERED', message, 'peer');
}
