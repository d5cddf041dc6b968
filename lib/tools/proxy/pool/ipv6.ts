/** The eight groups of an address of IPv6, in whatever form it is written; what names an interface is left out. */
export function ipv6Groups(address: string): number[] {
  const [plain = ''] = address.split('%');
  // An address of IPv4 at the end stands for two groups.
  const text = plain.replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_all, ...bytes: string[]) => {
    const [a = 0, b = 0, c = 0, d = 0] = bytes.slice(0, 4).map(Number);
    return `${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`;
  });
  const [left = [], right = []] = text
    .split('::')
    .map((side) => (side === '' ? [] : side.split(':')));
  const missing = Array.from({ length: 8 - left.length - right.length }, () => '0');
  return [...left, ...missing, ...right].map((group) => Number.parseInt(group, 16));
}
