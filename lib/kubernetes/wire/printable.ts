/** Text of the peer for a message: one line, and short. */
export function printable(text: string): string {
  const line = text.replace(/[\p{Cc}\p{Cf}\s]+/gu, ' ').trim();
  return line.length > 1000 ? `${line.slice(0, 1000)}...` : line;
}
