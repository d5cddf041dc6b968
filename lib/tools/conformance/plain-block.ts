import type { HeaderList } from '../../protocol/frames.ts';
import type { ProtocolVersion } from '../../protocol/version.ts';

/** The bytes of a plain name/value block (SPDY/3 2.6.10), whatever stands in it. `count` is what it says to have. */
export function plainBlock(
  { headerLengthSize: size }: ProtocolVersion,
  headers: HeaderList,
  count: number = headers.length,
): Buffer {
  const number = (value: number): Buffer => {
    const bytes = Buffer.alloc(size);
    bytes.writeUIntBE(value, 0, size);
    return bytes;
  };
  const pieces = [number(count)];
  for (const text of headers.flat()) {
    const bytes = Buffer.from(text, 'latin1');
    pieces.push(number(bytes.length), bytes);
  }
  return Buffer.concat(pieces);
}
