// What has become of a stream, as bits of a number: each of them a field would take as much memory as a list.

/** Opened by this side. */
export const OWN = 1;
/** Nothing ever comes from the peer. */
export const PUSHES = 2;
/** The peer has finished its direction. */
export const INPUT_ENDED = 4;
/** Its reader was given the end. */
export const END_PUSHED = 8;
/** The engine has closed it. */
export const CLOSED = 16;
/** The last byte and FIN are on their way. */
export const FINISHED = 32;
/** The peer reset it, or its session ended, before it was finished. */
export const ABORTED = 64;
/** Its reader waits for payload. */
export const WANTS = 128;
/** Small writes are held back until the end of this tick. */
export const GATHERING = 256;
