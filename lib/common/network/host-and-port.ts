/** A host and a port as they stand in a URL and in the Host field: an address of IPv6 in brackets. */
export function hostAndPort(hostname: string, port: number | string): string {
  return `${hostname.includes(':') ? `[${hostname}]` : hostname}:${port}`;
}
