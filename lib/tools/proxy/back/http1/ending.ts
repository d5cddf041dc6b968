import type { Socket } from 'node:net';
import { confirmEnd } from '../../../../common/network/socket-end.ts';
import { cutOff } from '../../message/message-body.ts';

/** Whether the end of a connection was one: settled before the 'end' of a message that it ends. */
const endings = new WeakMap<Socket, Promise<Error | null>>();

/** Finds out of a connection how it has ended, before whoever reads from it hears of the end. */
export function watchEnd(socket: Socket): Socket {
  socket.once('end', () => {
    endings.set(socket, new Promise((resolve) => confirmEnd(socket, resolve)));
  });
  return socket;
}

/** Whether the body that has ended with its connection is whole: a reset that hides behind data is no end. */
export function confirmBody(socket: Socket, done: (error: Error | null) => void): void {
  const ending = endings.get(socket);
  // Without an end of the connection: Node 24 and undici take a reset for the end of such a body.
  if (ending === undefined) done(cutOff(socket.errored));
  else ending.then(done, done);
}

/** Whether the other side has ended a connection. */
export function hasEnded(socket: Socket): boolean {
  return endings.has(socket) || socket.errored !== null;
}
