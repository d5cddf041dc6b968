/** Counters of an engine since it was made. */
export class EngineStatistics {
  /** Bytes given to `receive()`. */
  bytesReceived = 0;
  /** Bytes written. */
  bytesSent = 0;
  /** Complete frames received, skipped ones included. */
  framesReceived = 0;
  /** Frames written. */
  framesSent = 0;
  /** Payload bytes of DATA frames received. */
  dataReceived = 0;
  /** Payload bytes of DATA frames written. */
  dataSent = 0;
  /** Streams opened by this side. */
  streamsOpened = 0;
  /** Streams of the peer that were accepted. */
  streamsAccepted = 0;
  /** Streams that have ended. */
  streamsClosed = 0;
}
