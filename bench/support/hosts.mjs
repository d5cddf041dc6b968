import { fork } from 'node:child_process';
import { once } from 'node:events';

/**
 * The heap may grow to 512 MiB before the first full collection. Behind one, a heap as small as that of these processes begins the next
 * with every 64 MiB that come from sockets: which of the kinds had it was chance, and twice the CPU time of a bulk transfer.
 */
const FLAGS = ['--expose-gc', '--no-warnings', '--initial-old-space-size=512'];

/**
 * glibc keeps the memory that it has: else it gives the buffers of sockets back and takes them again, in some rounds and not in others,
 * which took up to half of the CPU time of a bulk transfer. What it holds is not measured then.
 */
const STEADY = { MALLOC_TRIM_THRESHOLD_: String(512 << 20), MALLOC_TOP_PAD_: String(64 << 20) };

/** A module in a process of its own, so that neither JIT nor heap of one thing touches those of another. */
export class Host {
  #child;
  #calls = new Map();
  #next = 0;

  /** Starts a process for the module at `url`; `steady`: with memory that only grows. */
  static async start(url, steady = false) {
    const host = new Host();
    host.#child = fork(new URL('./host.mjs', import.meta.url), [String(url)], {
      execArgv: FLAGS,
      env: { ...process.env, ...(steady ? STEADY : {}) },
    });
    await once(host.#child, 'message');
    host.#child.on('message', ({ id, value, error }) => {
      const call = host.#calls.get(id);
      host.#calls.delete(id);
      if (error === undefined) call.resolve(value);
      else call.reject(new Error(error));
    });
    host.#child.on('exit', (code, signal) => {
      // Nothing to reject may wait here, but in the other end: the whole part ends.
      if (host.#child.connected || code !== 0)
        throw new Error(`a process of the comparison ended: ${code ?? signal}`);
    });
    return host;
  }

  /** Calls an exported function of the module; arguments and result travel as JSON. */
  call(name, ...args) {
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      this.#calls.set(id, { resolve, reject });
      this.#child.send({ id, name, args });
    });
  }

  /** Ends the process. */
  stop() {
    if (this.#child.connected) this.#child.disconnect();
  }
}
