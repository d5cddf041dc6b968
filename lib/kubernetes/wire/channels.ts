import type { StreamType } from './protocols.ts';

/** Sub-protocols of exec and attach over WebSocket, best first. v5 alone can tell that stdin has ended. */
export const WEBSOCKET_COMMAND_PROTOCOLS = [
  'v5.channel.k8s.io',
  'v4.channel.k8s.io',
  'v4.base64.channel.k8s.io',
  'channel.k8s.io',
  'base64.channel.k8s.io',
] as const;

/** Sub-protocols of port forwarding over the channels of a WebSocket; none at all is binary too. */
export const WEBSOCKET_FORWARD_PROTOCOLS = [
  'v4.channel.k8s.io',
  'v4.base64.channel.k8s.io',
] as const;

/** Most ports of one such WebSocket: two channels each, whose numbers are a byte, or in base64 an ASCII character. */
export const MAX_CHANNEL_PORTS = 127;
export const MAX_BASE64_PORTS = 39;

/** Channels by their number, which is the first byte of every message. */
export const CHANNEL_NUMBERS: Readonly<Record<StreamType, number>> = {
  stdin: 0,
  stdout: 1,
  stderr: 2,
  error: 3,
  resize: 4,
};

/** The channel whose messages say that another one has ended (v5): its number is the second byte. Only clients send it. */
export const CLOSE_CHANNEL = 255;

/** Most bytes of one message that is sent. */
export const MAX_CHANNEL_MESSAGE = 32768;

/** ASCII of the digit that begins the messages of a base64 protocol; channels from 10 on have the characters behind the digits. */
const DIGIT_0 = 0x30;

/** A message, taken apart. */
export interface ChannelMessage {
  readonly channel: number;
  readonly data: Buffer;
}

/** How a sub-protocol writes messages. */
export interface ChannelCodec {
  /** Whether messages are binary, else text. */
  readonly binary: boolean;
  encode(channel: number, data: Uint8Array): Buffer;
  /** Null for an empty message, which there is no use for. */
  decode(message: Buffer): ChannelMessage | null;
}

const BINARY: ChannelCodec = {
  binary: true,
  encode: (channel, data) => {
    const message = Buffer.allocUnsafe(1 + data.length);
    message[0] = channel;
    message.set(data, 1);
    return message;
  },
  decode: (message) =>
    message.length === 0 ? null : { channel: message[0] as number, data: message.subarray(1) },
};

const BASE64: ChannelCodec = {
  binary: false,
  encode: (channel, data) =>
    Buffer.from(
      String.fromCharCode(DIGIT_0 + channel) + Buffer.from(data).toString('base64'),
      'latin1',
    ),
  decode: (message) => {
    if (message.length === 0) return null;
    const data = Buffer.from(message.toString('latin1', 1), 'base64');
    return { channel: (message[0] as number) - DIGIT_0, data };
  },
};

/** The codec of a sub-protocol; '' is none. */
export function codecOf(protocol: string): ChannelCodec {
  return /(?:^|\.)base64\./.test(protocol) ? BASE64 : BINARY;
}

/**
 * Cuts output into messages. Cuts are at the borders of characters, where it is text: some clients decode each message alone.
 */
export function cutIntoMessages(data: Buffer): Buffer[] {
  const pieces: Buffer[] = [];
  let at = 0;
  while (data.length - at > MAX_CHANNEL_MESSAGE) {
    const end = at + MAX_CHANNEL_MESSAGE;
    // Bytes 10xxxxxx go on with a character, which has at most four.
    let cut = end;
    while (cut > end - 3 && ((data[cut] as number) & 0xc0) === 0x80) cut -= 1;
    if (((data[cut] as number) & 0xc0) === 0x80) cut = end;
    pieces.push(data.subarray(at, cut));
    at = cut;
  }
  pieces.push(data.subarray(at));
  return pieces;
}
