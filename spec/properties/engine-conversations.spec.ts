import * as fc from 'fast-check';
import { Conversation } from './engine-conversation.ts';
import { type ConversationSpec, conversations } from './engine-operations.ts';

/** How often each property runs; more by `PROPERTY_RUNS=20000 npm test`. */
const { PROPERTY_RUNS = '40' } = process.env;
const RUNS = Number(PROPERTY_RUNS);

function converse(spec: ConversationSpec): Conversation {
  const conversation = new Conversation(spec);
  for (const operation of spec.operations) conversation.do(operation);
  return conversation;
}

describe('properties: conversations of two engines', function () {
  this.timeout(0);

  it('all streams end on both sides with all bytes in order, credit is conserved and nothing waits', () => {
    return fc.assert(
      fc.property(conversations(60), (spec) => {
        converse(spec).finish();
      }),
      { numRuns: RUNS },
    );
  });

  it('a failed session says so last, and every stream ends once', () => {
    const ends = fc.tuple(
      fc.constantFrom('client' as const, 'server' as const),
      fc.nat({ max: 2 }),
    );
    return fc.assert(
      fc.property(conversations(40), ends, (spec, [who, status]) => {
        converse(spec).fail(who, status);
      }),
      { numRuns: RUNS / 2 },
    );
  });

  it('a peer that ends its half of the transport is answered as far as it has asked', () => {
    const who = fc.constantFrom('client' as const, 'server' as const);
    return fc.assert(
      fc.property(conversations(40), who, (spec, side) => {
        converse(spec).endInput(side);
      }),
      { numRuns: RUNS / 2 },
    );
  });

  it('every stream ends once when the transport ends', () => {
    return fc.assert(
      fc.property(conversations(40), (spec) => {
        converse(spec).cut();
      }),
      { numRuns: RUNS / 2 },
    );
  });
});
