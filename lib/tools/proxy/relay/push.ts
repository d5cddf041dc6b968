import { StallDeadline } from '../../../common/deadline.ts';
import { forwardResponseFields, type ResolvedHeaderRules } from '../message/forwarded.ts';
import { faultOfHead } from '../message/response-head.ts';
import type { BackPush, FrontRequest, Reply, Sink } from './exchange.ts';
import { Pump } from './pump.ts';

/**
 * Offers a resource that a back pushes to the client, and carries it there. What the client does not want is given up behind at once, and what does not move
 * for `idleMs` (0 for ever) on both sides.
 */
export function passPush(
  push: BackPush,
  { scheme, authority }: FrontRequest,
  reply: Reply,
  rules: ResolvedHeaderRules,
  idleMs: number,
): void {
  const { body } = push;
  const deadline = new StallDeadline();
  const head = {
    ...push.head,
    fields: forwardResponseFields(push.head.fields, rules, 'http/1.1'),
  };
  // It is of the origin of its request, which has another name at the client.
  const given = { ...push, head, scheme, authority };
  let pump: Pump | null = null;
  let over = false;
  const gone = (): void => {
    if (over) return;
    over = true;
    deadline.stop();
    pump?.stop();
    body.stream.destroy();
  };
  const sink = faultOfHead(push.head) === null ? offer(given, reply, gone) : null;
  if (sink === null) gone();
  else if (!over) {
    const carried = new Pump(body, sink, () => {
      over = true;
      deadline.stop();
    });
    pump = carried;
    if (idleMs > 0) {
      deadline.start(
        idleMs,
        () => carried.bytes,
        () => {
          sink.reset(new Error(`nothing moved for ${idleMs} ms`));
          gone();
        },
      );
    }
  }
}

/** What the client cannot be offered, by whatever its protocol says, it does not get. */
function offer(push: BackPush, reply: Reply, gone: () => void): Sink | null {
  try {
    return reply.push(push, gone);
  } catch {
    return null;
  }
}
