// What an application notes while it answers, for whoever waits for it.
import { EventEmitter, once } from 'node:events';

export class Log extends EventEmitter {
  #entries = [];

  /** Notes that something has happened. */
  add(entry) {
    this.#entries.push(entry);
    this.emit('entry');
  }

  /** Waits until something was noted. */
  async seen(entry) {
    while (!this.#entries.includes(entry)) await once(this, 'entry');
  }

  /** All entries; the order is that of their names, for what comes first is not the same on every version of Node. */
  get entries() {
    return [...this.#entries].sort();
  }

  /** Forgets all. */
  clear() {
    this.#entries = [];
  }
}

/** Notes how a request and its response end. */
export function watch(log, request, response) {
  request.on('aborted', () => log.add('request aborted'));
  request.on('close', () => log.add('request closed'));
  response.on('finish', () => log.add('response finished'));
  response.on('close', () => log.add('response closed'));
}
