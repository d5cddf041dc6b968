import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { confirmEnd, resetSocket } from '../../../common/network/socket-end.ts';

/** Is told what goes from one socket to another. */
export interface PumpListener {
  /** Bytes, before they are passed on. */
  bytes(chunk: Buffer): void;
  /** The sender has ended, or was reset. */
  end(reset: boolean): void;
}

/** Passes on what one socket receives to another one: bytes no faster than they are taken, its end, and its being reset. */
export function pump(from: Socket, to: Socket, listener: PumpListener): void {
  let over = false;
  const end = (reset: boolean): void => {
    if (over) return;
    over = true;
    listener.end(reset);
    if (reset) cut(to);
    else if (to.writable) to.end();
  };
  from.on('data', (chunk: Buffer) => {
    listener.bytes(chunk);
    if (to.destroyed || !to.writable) return;
    if (!to.write(chunk)) from.pause();
  });
  to.on('drain', () => from.resume());
  from.once('end', () => {
    if (isTls(from)) end(false);
    else confirmEnd(from, (error) => end(error !== null));
  });
  from.once('error', () => end(true));
  from.once('close', () => {
    end(!from.readableEnded);
    // Bytes for it go nowhere any more; what the other side sends is still read, as far as it was not reset.
    to.resume();
  });
}

/** Ends a socket as one does that was reset: TLS has no way to say so but to be cut. */
function cut(socket: Socket): void {
  if (socket.destroyed) return;
  if (isTls(socket)) socket.destroy();
  else resetSocket(socket);
}

function isTls(socket: Socket): socket is TLSSocket {
  return socket instanceof TLSSocket;
}
