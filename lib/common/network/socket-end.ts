import type { Socket } from 'node:net';
import { setImmediate } from 'node:timers';

/** No bytes. */
const NOTHING = new Uint8Array(0);

/**
 * Ends a TCP connection with RST, at once, whatever waits to be written: what the other side has of it shall not pass for all. (By itself
 * `resetAndDestroy()` waits for what is written, and sends FIN before the RST.)
 */
export function resetSocket(socket: Socket): void {
  // While FIN is under way the system refuses a reset, and Node (20 to 26) then keeps the socket for ever, without 'close'.
  if (socket.writableEnded && !socket.writableFinished && socket.writableLength === 0) {
    socket.once('finish', () => resetSocket(socket));
    return;
  }
  socket.destroySoon = () => socket.destroy();
  socket.resetAndDestroy();
}

/** Ends a connection so that what it has carried does not pass for all: with RST where that is possible. */
export function resetConnection(socket: Socket): void {
  // TLS has no such call; there it is the missing end of TLS that tells.
  if ((socket as { encrypted?: unknown }).encrypted === true) socket.destroy();
  else resetSocket(socket);
}

/**
 * Calls back once it is known whether the 'end' of a TCP connection was one: with null, or with the error of a connection that was reset.
 * Before Node 24 a reset behind data that was not read yet shows as the data and 'end'. For 'end' listeners of sockets with `allowHalfOpen`; a
 * socket whose own direction has ended already cannot be asked.
 */
export function confirmEnd(socket: Socket, done: (error: Error | null) => void): void {
  if (!socket.writable) {
    done(socket.errored);
  } else if (socket.writableLength > 0) {
    // What waits to be written fails by itself, in the next turn.
    setImmediate(() => setImmediate(() => done(socket.errored)));
  } else {
    socket.write(NOTHING, (error) => done(error ?? null));
  }
}
