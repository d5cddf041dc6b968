import {
  CTRL_FLAG_NONE,
  DATA_FLAG_FIN,
  ERR_DEFERRED,
  READ_EOF,
} from '../../../lib/protocol/constants.ts';
import type { Session } from '../../../lib/session/session.ts';

interface Mirrored {
  readonly pieces: Buffer[];
  ended: boolean;
  waiting: boolean;
}

/** Accepts every stream at once and sends back its bytes as they come, as spdystream's own mirror does. */
export function mirror(session: Session): void {
  const open = new Map<number, Mirrored>();
  const wake = (streamId: number, stream: Mirrored): void => {
    if (!stream.waiting) return;
    stream.waiting = false;
    session.resumeData(streamId);
  };
  session.on('synStream', ({ streamId, headers }) => {
    const stream: Mirrored = { pieces: [], ended: false, waiting: false };
    open.set(streamId, stream);
    session.submitSynReply(CTRL_FLAG_NONE, streamId, headers);
    session.submitData(streamId, DATA_FLAG_FIN, {
      readCb: (_id, length, control) => {
        const piece = stream.pieces[0];
        if (piece === undefined) {
          if (stream.ended) control.flags = READ_EOF;
          stream.waiting = !stream.ended;
          return stream.ended ? null : ERR_DEFERRED;
        }
        if (piece.length <= length) stream.pieces.shift();
        else stream.pieces[0] = piece.subarray(length);
        return piece.subarray(0, length);
      },
    });
  });
  session.on('dataChunkRecv', (_flags, streamId, data) => {
    const stream = open.get(streamId);
    if (!stream) return;
    stream.pieces.push(Buffer.from(data));
    wake(streamId, stream);
  });
  session.on('requestRecv', (streamId) => {
    const stream = open.get(streamId);
    if (!stream) return;
    stream.ended = true;
    wake(streamId, stream);
  });
  session.on('streamClose', (streamId) => {
    open.delete(streamId);
  });
}
