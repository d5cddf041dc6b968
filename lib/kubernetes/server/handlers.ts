import { checkOptions, optionNames } from '../../common/option-names.ts';
import type { CommandHandler } from './command-outcome.ts';
import type { PortForwardHandler } from './forward-session.ts';

/** What a streaming server does for its clients. What it has no handler for is answered 501. */
export interface StreamingHandlers {
  /** Runs a command. */
  readonly exec?: CommandHandler | undefined;
  /** Joins a client to a process that runs; its exit code is told to nobody. */
  readonly attach?: CommandHandler | undefined;
  /** Serves one forwarded connection. */
  readonly portForward?: PortForwardHandler | undefined;
}

const HANDLER_NAMES = optionNames<StreamingHandlers>({
  exec: true,
  attach: true,
  portForward: true,
});

/**
 * Checks the names of the handlers.
 *
 * @throws InvalidArgumentError for one that would never be called
 */
export function checkHandlers(handlers: StreamingHandlers): StreamingHandlers {
  checkOptions('handlers', handlers, HANDLER_NAMES);
  return handlers;
}
