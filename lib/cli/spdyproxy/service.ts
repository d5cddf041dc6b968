import { chmod } from 'node:fs/promises';
import { createProxy, ProxyFront, type SpdyProxy } from '../../tools/index.ts';
import { clearSocket, showSocketPath, withPrivateFiles } from '../unix-socket.ts';
import { Certificates } from './certificates.ts';
import type { FrontConfig, ProgramConfig } from './config.ts';

/** A front that listens, and what it was made of. */
interface OpenFront {
  readonly front: ProxyFront;
  readonly certificates: Certificates | null;
  /** What cannot be changed without closing it. */
  readonly fixed: string;
}

/** A proxy as a configuration says, and as another one says later. */
export class Service {
  readonly proxy: SpdyProxy;
  readonly #fronts = new Map<string, OpenFront>();

  private constructor(proxy: SpdyProxy) {
    this.proxy = proxy;
  }

  /**
   * Opens all fronts. Rejects with the error of one that cannot listen; nothing is left open then.
   *
   * @throws InvalidArgumentError for an option that does not exist or is out of range
   */
  static async start(config: ProgramConfig): Promise<Service> {
    const service = new Service(createProxy(config.proxy));
    try {
      for (const front of config.fronts) await service.#open(front);
    } catch (error) {
      service.proxy.destroy();
      throw error;
    }
    return service;
  }

  /** What listens. */
  get fronts(): readonly ProxyFront[] {
    return [...this.#fronts.values()].map(({ front }) => front);
  }

  /**
   * Takes another configuration: certificates are read anew, fronts that are new are opened, those that are gone finish what they have, requests that come from now on go to the new
   * backs. Resolves with what could not be done without a new start.
   *
   * @throws UsageError, InvalidArgumentError for a configuration that makes no sense; nothing is changed then
   */
  async reload(config: ProgramConfig): Promise<string[]> {
    const complaints: string[] = [];
    const places = new Set(config.fronts.map(placeOf));
    for (const front of config.fronts) {
      this.#fronts.get(placeOf(front))?.certificates?.read(front.certificates);
    }
    this.proxy.update(config.proxy);
    for (const front of config.fronts) {
      const place = placeOf(front);
      const known = this.#fronts.get(place);
      if (known === undefined) {
        try {
          await this.#open(front);
        } catch (error) {
          complaints.push(`${place}: ${(error as Error).message}`);
        }
        continue;
      }
      known.certificates?.showBy(known.front);
      if (known.fixed !== fixedOf(front)) complaints.push(`${place}: its options need a new start`);
    }
    for (const [place, { front }] of this.#fronts) {
      if (places.has(place)) continue;
      this.#fronts.delete(place);
      void front.close();
    }
    return complaints;
  }

  async #open(config: FrontConfig): Promise<void> {
    const { options, certificates: files, mode } = config;
    const certificates = options.tls === false ? null : new Certificates(files);
    const given = { ...options, ...certificates?.options };
    const front = await withPrivateFiles(() => this.proxy.listen(given));
    if (mode !== null && options.path !== undefined) await chmod(options.path, mode);
    this.#fronts.set(placeOf(config), { front, certificates, fixed: fixedOf(config) });
  }
}

/** Where a front listens, as text. */
function placeOf({ options: { path, fd, host = '', port = 0 } }: FrontConfig): string {
  if (path !== undefined) return showSocketPath(path);
  return fd === undefined ? `${host}:${port}` : `socket ${fd}`;
}

/** Takes away what killed processes left at the unix sockets of fronts that are about to listen: all but those of `open`. */
export async function clearSockets(
  { fronts }: ProgramConfig,
  open: ProgramConfig | null,
): Promise<void> {
  const kept = new Set(open?.fronts.map(({ options }) => options.path));
  for (const { options } of fronts) {
    if (options.path !== undefined && !kept.has(options.path)) await clearSocket(options.path);
  }
}

/** Everything of a front but its certificates. */
function fixedOf({ options, certificates, mode }: FrontConfig): string {
  return JSON.stringify([options, certificates.length > 0, mode]);
}

/**
 * Checks a configuration without listening. Returns what is wrong with it that keeps nobody from working: certificates that have expired.
 *
 * @throws UsageError for certificates that cannot be used, InvalidArgumentError for an option that does not exist or is out of range
 */
export function checkConfig({ proxy, fronts }: ProgramConfig): string[] {
  createProxy(proxy).destroy();
  const warnings: string[] = [];
  for (const { options, certificates: files } of fronts) {
    const certificates = options.tls === false ? null : new Certificates(files);
    warnings.push(...(certificates?.warnings ?? []));
    new ProxyFront({ ...options, ...certificates?.options }, NOBODY).server.close();
  }
  return warnings;
}

/** Of a front that never listens. */
const NOBODY = { accept: (): void => {}, take: (): void => {}, refuse: (): void => {} };
