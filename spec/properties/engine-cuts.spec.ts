import { expect } from 'chai';
import * as fc from 'fast-check';
import { CLIENT, DATA_FLAG_FIN, SERVER, type Side } from '../../lib/protocol/constants.ts';
import { PROTOCOL_VERSIONS, type ProtocolVersion } from '../../lib/protocol/version.ts';
import { createEnd, type EngineEnd } from '../support/engine-pair.ts';
import { expectSame } from '../support/expect-same.ts';
import type { GoldenCallback } from '../support/recording-handler.ts';
import { BYTES, type Cut, randomCut, shred, WHOLE } from '../support/shred.ts';
import { bytesProvider } from '../support/test-provider.ts';
import { COMPARED, Comparison, type ScriptItem, sequences } from './engine-comparison.ts';
import { Conversation } from './engine-conversation.ts';
import {
  type ConversationSpec,
  conversations,
  type EndSpec,
  type Operation,
} from './engine-operations.ts';

const { PROPERTY_RUNS = '40' } = process.env;
const RUNS = Number(PROPERTY_RUNS);
const HEADERS = [['name', 'value']] as const;

/** What came out of an engine. */
interface Outcome {
  readonly callbacks: readonly GoldenCallback[];
  readonly bodies: readonly (readonly [number, string])[];
  readonly written: string;
  readonly received: number;
  readonly errors: readonly string[];
}

/** Does a script again, with its bytes in other pieces; the application answers out of callbacks if it is `eager`. */
function replay(
  side: Side,
  version: ProtocolVersion,
  script: readonly ScriptItem[],
  cut: Cut,
  eager: boolean,
): Outcome {
  const end = createEnd(side, version.id, COMPARED);
  const { engine, handler } = end;
  if (eager) answerEagerly(end);
  const written: Buffer[] = [];
  let pending: Buffer[] = [];
  const settle = (): void => {
    for (const piece of shred(Buffer.concat(pending), cut)) engine.receive(piece);
    pending = [];
    for (let bytes = engine.pull(); bytes !== null; bytes = engine.pull()) written.push(bytes);
  };
  for (const item of script) {
    if (Buffer.isBuffer(item)) pending.push(item);
    else {
      settle();
      tolerate(() => item(engine));
    }
  }
  settle();
  return {
    callbacks: joined(handler.callbacks),
    bodies: handler.streamsWithBody.map((id) => [id, handler.body(id).toString('hex')]),
    written: Buffer.concat(written).toString('hex'),
    received: engine.statistics.bytesReceived,
    errors: [...handler.streamErrors, ...handler.sessionErrors].map(
      ({ code, message, status }) => `${code} ${status} ${message}`,
    ),
  };
}

function answerEagerly({ engine, handler }: EngineEnd): void {
  handler.afterEach = ({ cb, frame, streamId = 0 }) => {
    if (cb === 'on_ctrl_recv' && frame?.type === 'SYN_STREAM') {
      engine.submitSynReply(0, frame.streamId ?? 0, HEADERS);
    }
    if (cb === 'on_request_recv') {
      engine.submitData(streamId, DATA_FLAG_FIN, bytesProvider(Buffer.from('answer')));
    }
    if (cb === 'on_data_recv' && streamId % 3 === 0) engine.submitRstStream(streamId, 5);
  };
}

/** The script was made for another course of events: a call may not fit any more. */
function tolerate(call: () => void): void {
  try {
    call();
  } catch (error) {
    expect((error as { code?: string }).code).to.match(/^ERR_SPDY_/);
  }
}

/** Callbacks with the pieces of each DATA frame put together. */
function joined(callbacks: readonly GoldenCallback[]): GoldenCallback[] {
  const list: GoldenCallback[] = [];
  for (const { dataHex: _, ...callback } of callbacks) {
    const last = list.at(-1);
    if (callback.cb === 'on_data_chunk_recv' && last?.cb === callback.cb) {
      list[list.length - 1] = { ...callback, length: (last.length ?? 0) + (callback.length ?? 0) };
    } else {
      list.push(callback);
    }
  }
  return list;
}

/** A conversation in which everybody writes all there is whenever something is written. */
function inStyle(spec: ConversationSpec, callbackStyle: boolean): Conversation {
  const style = (end: EndSpec): EndSpec => ({ ...end, callbackStyle });
  const conversation = new Conversation({
    ...spec,
    client: style(spec.client),
    server: style(spec.server),
  });
  const all = (operation: Operation): Operation =>
    operation.kind === 'write' ? { ...operation, limit: 1 << 30 } : operation;
  for (const operation of spec.operations) conversation.do(all(operation));
  conversation.finish();
  return conversation;
}

describe('properties: equal input gives equal output', function () {
  this.timeout(0);

  const sides = fc.constantFrom(CLIENT, SERVER);
  const versions = fc.constantFrom(...PROTOCOL_VERSIONS);
  const seeds = fc.nat();
  const sizes = fc.constantFrom(1, 24, 3000);

  it('however the bytes of any peer are cut (checklist 5, 6)', () => {
    return fc.assert(
      fc.property(
        sides,
        versions,
        sequences,
        seeds,
        sizes,
        fc.boolean(),
        (side, version, steps, seed, size, eager) => {
          const comparison = new Comparison(side, version);
          for (const step of steps) comparison.do(step);
          const { script } = comparison;
          const whole = replay(side, version, script, WHOLE, eager);
          // Large bodies in tiny pieces only take time.
          const most = Math.max(size, whole.received >> 9);
          const cut = most === 1 ? BYTES : randomCut(seed, most);
          expectSame(replay(side, version, script, cut, eager), whole);
        },
      ),
      { numRuns: RUNS / 2 },
    );
  });

  it('whether pull() and receive() or send() and recv() are used', () => {
    return fc.assert(
      fc.property(conversations(40), (spec) => {
        const pulled = inStyle(spec, false);
        const sent = inStyle(spec, true);
        for (const who of ['client', 'server'] as const) {
          const bytes = (conversation: Conversation): string[] =>
            conversation[who].wire.frames.map((frame) => frame.bytes.toString('hex'));
          expectSame(bytes(sent), bytes(pulled), who);
          expectSame(sent[who].reports, pulled[who].reports, who);
        }
      }),
      { numRuns: RUNS / 2 },
    );
  });
});
