import type { AnyDispatchHandler } from './handlers.ts';
import type { DispatchOptions } from './options.ts';
import { toBoth } from './translate.ts';

/** What carries out requests. */
export interface Dispatching {
  /** Sends a request and reports to the handler. */
  dispatch(options: DispatchOptions, handler: AnyDispatchHandler): boolean;
}

/** Makes one way to dispatch out of another: what undici's `interceptors` yield. */
export type DispatchInterceptor = (dispatch: Dispatching['dispatch']) => Dispatching['dispatch'];

/**
 * A dispatcher whose requests go through interceptors, the last one first.
 *
 * @throws TypeError for what is no interceptor
 */
export function compose<Base extends Dispatching>(
  base: Base,
  interceptors: readonly (DispatchInterceptor | null | undefined)[],
): Base {
  let dispatch: Dispatching['dispatch'] = (options, handler) => base.dispatch(options, handler);
  for (const interceptor of interceptors) {
    if (interceptor === null || interceptor === undefined) continue;
    if (typeof interceptor !== 'function') {
      throw new TypeError(`an interceptor must be a function, got ${typeof interceptor}`);
    }
    const inner = interceptor(dispatch);
    if (typeof inner !== 'function') throw new TypeError('an interceptor must yield a function');
    dispatch = (options, handler) => inner(options, toBoth(handler));
  }
  return new Proxy(base, {
    get: (target, name) => {
      if (name === 'dispatch') return dispatch;
      const value: unknown = Reflect.get(target, name, target);
      // These are about the base itself; the other methods dispatch by what `this` is.
      const own = name === 'close' || name === 'destroy';
      return own && typeof value === 'function' ? value.bind(target) : value;
    },
  });
}
