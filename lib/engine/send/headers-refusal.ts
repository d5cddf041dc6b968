import {
  ERR_INVALID_STREAM_ID,
  ERR_INVALID_STREAM_STATE,
  ERR_STREAM_SHUT_WR,
  SYN_REPLY,
} from '../../protocol/constants.ts';
import type { HeadersFrame, SynReplyFrame } from '../../protocol/frames.ts';
import type { StreamRecord } from '../streams/stream-record.ts';

/** Why a SYN_REPLY or HEADERS frame may not be sent, 0 if it may (SPDY/3 2.3.2, 2.3.6, 2.6.2). */
export function refusalOf(stream: StreamRecord, frame: SynReplyFrame | HeadersFrame): number {
  if (stream.localClosed) return ERR_STREAM_SHUT_WR;
  if (frame.type === SYN_REPLY) {
    if (stream.own) return ERR_INVALID_STREAM_ID;
    return stream.replied ? ERR_INVALID_STREAM_STATE : 0;
  }
  return stream.own || stream.replied ? 0 : ERR_INVALID_STREAM_STATE;
}
