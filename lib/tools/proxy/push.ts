import type { BackPush, Reply, Sink } from './exchange.ts';
import { forwardResponseFields, type ResolvedHeaderRules } from './forwarded.ts';
import { Pump } from './pump.ts';
import { faultOfHead } from './response-head.ts';

/** Offers a resource that a back pushes to the client, and carries it there. What the client does not want is given up behind at once. */
export function passPush(push: BackPush, reply: Reply, rules: ResolvedHeaderRules): void {
  const { head, body } = push;
  const given = { ...head, fields: forwardResponseFields(head.fields, rules, 'http/1.1') };
  let pump: Pump | null = null;
  let over = false;
  const gone = (): void => {
    if (over) return;
    over = true;
    pump?.stop();
    body.stream.destroy();
  };
  const sink = faultOfHead(head) === null ? offer({ ...push, head: given }, reply, gone) : null;
  if (sink === null) gone();
  else if (!over) {
    pump = new Pump(body, sink, () => {
      over = true;
    });
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
