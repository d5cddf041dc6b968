import type { ReceivingState, SendingState, StreamState } from '../../engine/insight.ts';

/** What of a stream waits in the engine for something else than the application, as far as the engine knows. */
const HAS_OUTPUT: ReadonlySet<SendingState> = new Set(['streamWindow', 'sessionWindow', 'queued']);

/**
 * How a stream stands with what its session knows besides the engine: `idle`, the application has given nothing to send; `stalled`, the
 * transport takes or is read no more.
 */
export function asSeen(
  state: StreamState,
  idle: boolean,
  stalled: { readonly output: boolean; readonly input: boolean },
): StreamState {
  let { sending, receiving }: { sending: SendingState; receiving: ReceivingState } = state;
  if (idle && HAS_OUTPUT.has(sending)) sending = 'application';
  else if (sending === 'queued' && stalled.output) sending = 'transport';
  if (receiving === 'peer' && stalled.input) receiving = 'held';
  return { ...state, sending, receiving };
}
