import type { ServerResponse } from 'node:http';
import type { Break } from './fault.ts';

/** Breaks an answer off after some bytes: whoever writes it hears nothing of that. */
export function breakResponse(response: ServerResponse, { how, afterBytes }: Break): void {
  const write = response.write.bind(response);
  const end = response.end.bind(response);
  let left = afterBytes;
  let broken = false;
  const breakOff = (): void => {
    broken = true;
    const { socket } = response;
    if (how === 'truncate') end();
    else if (how === 'drop') socket?.destroy();
    else if (how === 'halfClose') socket?.end();
  };
  response.write = (chunk: string | Uint8Array): boolean => {
    if (broken) return true;
    const bytes = Buffer.from(chunk as string);
    const part = bytes.subarray(0, left);
    left -= part.length;
    if (left > 0) return write(part);
    // Behind the last byte, or the head where there is none.
    if (part.length > 0) write(part, breakOff);
    else breakOff();
    broken = true;
    return true;
  };
  response.end = (chunk?: unknown): ServerResponse => {
    if (typeof chunk === 'string' || Buffer.isBuffer(chunk)) response.write(chunk);
    return broken ? response : end();
  };
}
