import { hostAndPort } from '../../common/network/host-and-port.ts';
import type { ProxyFront } from '../../tools/index.ts';
import type { HeldSignals } from '../held-signals.ts';
import { showSocketPath } from '../unix-socket.ts';
import { ProxyAccessLog } from './access-log.ts';
import { Admin } from './admin.ts';
import type { ProgramConfig } from './config.ts';
import { measure } from './metrics.ts';
import { clearSockets, Service } from './service.ts';

/** What a process tells while it works. */
export interface Teller {
  /** It listens: at these URLs, with these backs behind. */
  listening(urls: readonly string[], backs: readonly string[], admin: string | null): void;
  /** Something is wrong, but it goes on. */
  complain(text: string): void;
  /** It has read its configuration again. */
  reloaded(): void;
}

/** Does the work in this process until a signal ends it. `load` reads the configuration again. `shared`: it is one of several, whose admin port another one has. */
export async function work(
  load: () => Promise<ProgramConfig>,
  first: ProgramConfig,
  shared: boolean,
  teller: Teller,
  signals: HeldSignals,
): Promise<void> {
  if (!shared) await clearSockets(first, null);
  const service = await Service.start(first);
  const { proxy } = service;
  const log = new ProxyAccessLog(proxy, (text) => teller.complain(text));
  let draining = false;
  let admin: Admin | null = null;
  try {
    await log.use(first.accessLog);
    const metrics = first.admin === null ? null : await measure(proxy);
    if (first.admin !== null && metrics !== null && !shared) {
      admin = await Admin.open(first.admin, {
        metrics,
        trouble: () => {
          if (draining) return 'draining';
          return proxy.statistics.some((back) => back.inService) ? null : 'no back is in service';
        },
      });
    }
  } catch (error) {
    // What listens already would keep the process.
    proxy.destroy();
    throw error;
  }
  let current = first;
  const reload = async (): Promise<void> => {
    // A front that was opened now would keep the process.
    if (draining) return;
    try {
      const config = await load();
      if (!shared) await clearSockets(config, current);
      current = config;
      const complaints = await service.reload(config);
      if (!shared) complaints.push(...fixedChanges(first, config));
      for (const complaint of complaints) teller.complain(complaint);
      await log.use(config.accessLog).catch(({ message }: Error) => {
        teller.complain(message);
      });
      teller.reloaded();
    } catch (error) {
      log.reopen();
      teller.complain(`not reloaded: ${(error as Error).message}`);
    }
  };
  let reloads = Promise.resolve();
  signals.on('SIGHUP', () => {
    // One after the other: the last one counts.
    reloads = reloads.then(reload);
  });
  signals.on('SIGUSR1', () => log.reopen());
  const ended = untilSignal(
    signals,
    shared,
    async () => {
      draining = true;
      await reloads;
      await proxy.close();
    },
    () => proxy.destroy(),
  );
  // Whoever reads this may send a signal at once: the listeners for it are there.
  teller.listening(
    service.fronts.map(urlOf),
    proxy.statistics.map(({ name }) => name),
    admin === null ? null : `http://${first.admin?.host}:${admin.port}/`,
  );
  await ended;
  admin?.close();
  await log.close();
}

/** Resolves when `end()` has, which the first SIGTERM or SIGINT calls; the second one calls `kill()`. */
function untilSignal(
  signals: HeldSignals,
  shared: boolean,
  end: () => Promise<void>,
  kill: () => void,
): Promise<void> {
  return new Promise<void>((resolve, reject) => {
    let heard = 0;
    const stop = (): void => {
      heard++;
      if (heard === 1) end().then(resolve, reject);
      else kill();
    };
    signals.on('SIGTERM', stop);
    // A terminal sends this one to all processes at once: the leader passes it on.
    signals.on('SIGINT', shared ? () => {} : stop);
  });
}

/** What a configuration would change that stays as it is until a new start. */
export function fixedChanges(first: ProgramConfig, config: ProgramConfig): string[] {
  const changed: string[] = [];
  for (const name of ['admin', 'workers'] as const) {
    if (JSON.stringify(first[name]) === JSON.stringify(config[name])) continue;
    changed.push(`${name}: a change needs a new start`);
  }
  return changed;
}

/** Where clients find a front. */
function urlOf({ address, server }: ProxyFront): string {
  const scheme = 'setSecureContext' in server.listener ? 'https' : 'http';
  if (address === null || typeof address === 'string')
    return `${scheme}+unix:${showSocketPath(address ?? 'inherited')}`;
  return `${scheme}://${hostAndPort(address.address, address.port)}/`;
}
