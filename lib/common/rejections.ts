import { captureRejectionSymbol } from 'node:events';

/** Takes what a listener of `event` has rejected with; `args` are those of the event. */
export type TakeRejection<Emitter> = (
  emitter: Emitter,
  error: Error,
  event: string | symbol,
  args: readonly unknown[],
) => void;

/** Says what emitters of a class do where `captureRejections` of `node:events` is set and a listener has rejected its promise. */
export function onRejection<Emitter extends object>(
  emitter: abstract new (...args: never) => Emitter,
  take: TakeRejection<Emitter>,
): void {
  const value = function (
    this: Emitter,
    error: Error,
    event: string | symbol,
    ...args: unknown[]
  ): void {
    take(this, error, event, args);
  };
  const attributes = { configurable: true, writable: true };
  Object.defineProperty(emitter.prototype, captureRejectionSymbol, { value, ...attributes });
}
