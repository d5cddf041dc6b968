import { clearInterval, setInterval } from 'node:timers';
import { Deadline } from '../../../common/deadline.ts';
import type { Settled } from '../../../common/option-names.ts';
import { SpdyError } from '../../../errors.ts';
import type { BackRequest } from '../back/back.ts';
import type { Backend } from '../back/backend.ts';
import { DEFAULT_URGENCY } from '../message/priority.ts';
import { isOwn } from '../relay/failure.ts';

/** How backs are asked whether they are well. Times are milliseconds. */
export interface HealthOptions {
  /** Path of the request, a GET. */
  readonly path: string;
  /** Between two of them, 1 to 2147483647. Default 5000. */
  readonly intervalMs?: number | undefined;
  /** How long an answer may take, 1 to 2147483647. Default 2000. */
  readonly timeoutMs?: number | undefined;
  /** Status that is taken for well, 100 to 599. Default: each from 200 to 399. */
  readonly status?: number | undefined;
  /** So many wrong answers in a row take a back out of service, 1 to 1000. Default 2. */
  readonly fall?: number | undefined;
  /** So many right ones in a row take it in again, 1 to 1000. Default 1. */
  readonly rise?: number | undefined;
}

/** The same with its defaults. */
export interface ResolvedHealth extends Settled<Omit<HealthOptions, 'status'>> {
  readonly status: number | null;
}

/** Asks backs again and again. It keeps no process alive. */
export class HealthChecks {
  readonly #rules: ResolvedHealth;
  readonly #timers: NodeJS.Timeout[] = [];
  #stopped = false;

  constructor(backends: readonly Backend[], rules: ResolvedHealth) {
    this.#rules = rules;
    for (const backend of backends) this.#follow(backend);
  }

  /** Asks no more. */
  stop(): void {
    this.#stopped = true;
    for (const timer of this.#timers) clearInterval(timer);
  }

  #follow(backend: Backend): void {
    const { intervalMs, fall, rise } = this.#rules;
    let row = 0;
    let last = true;
    let asking = false;
    const ask = (): void => {
      if (asking) return;
      asking = true;
      this.#ask(backend, (well) => {
        asking = false;
        if (this.#stopped || well === null) return;
        row = well === last ? row + 1 : 1;
        last = well;
        if (row >= (well ? rise : fall)) backend.checked(well);
      });
    };
    const timer = setInterval(ask, intervalMs);
    timer.unref();
    this.#timers.push(timer);
    ask();
  }

  #ask(backend: Backend, done: (well: boolean | null) => void): void {
    const { path, timeoutMs, status } = this.#rules;
    const deadline = new Deadline();
    let over = false;
    const settle = (well: boolean | null): void => {
      if (over) return;
      over = true;
      deadline.stop();
      done(well);
    };
    const request: BackRequest = {
      method: 'GET',
      scheme: backend.options.secure ? 'https' : 'http',
      authority: backend.options.authority,
      target: path,
      fields: [['user-agent', 'spdyproxy']],
      length: null,
      upgrade: null,
      urgency: DEFAULT_URGENCY,
      takesTrailers: false,
      takesPush: false,
      client: null,
    };
    const call = backend.ask(request, {
      informed: () => {},
      responded: (head, body) => {
        // As long as an answer may take, its body may last; its end keeps the connection.
        if (body !== null) {
          const rest = new Deadline();
          rest.start(timeoutMs, () => call.reset(new Error('no end in time')));
          body.stream.on('error', () => {}).once('close', () => rest.stop());
          body.stream.resume();
        }
        settle(status === null ? head.status >= 200 && head.status < 400 : head.status === status);
      },
      switched: (_head, _body, sink) => {
        sink.reset(new Error('no tunnel was asked for'));
        settle(false);
      },
      pushed: ({ body }) => body.stream.destroy(),
      // What keeps this process from asking tells nothing.
      failed: (failure) => settle(isOwn(failure) ? null : false),
    });
    deadline.start(timeoutMs, () => {
      // As with any request: connections to a host that has vanished must not keep it out of service.
      call.reset(new SpdyError('ERR_SPDY_TIMEOUT', `no answer within ${timeoutMs} ms`));
      settle(false);
    });
  }
}
