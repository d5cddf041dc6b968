import { checkObject, checkRange, checkTime, shown } from '../../../common/check.ts';
import { checkOptions, type NamesOf, optionNames } from '../../../common/option-names.ts';
import { InvalidArgumentError } from '../../../errors.ts';
import { checkText } from '../objects/texts.ts';
import { type FakeAction, type FakeRequest, isAction } from '../requests/request.ts';

/** Something that goes wrong on purpose. */
export interface FakeFault {
  /** Milliseconds before the answer. Default 0. */
  readonly delayMs?: number | undefined;
  /** Answer with this HTTP status, 400 to 599, and do nothing. */
  readonly refuseWith?: number | undefined;
  /** What `refuseWith` says, as `message` of its Status. Default `'refused on purpose'`. */
  readonly message?: string | undefined;
  /** End the connection, and say nothing, after so many bytes of the answer (of exec, attach, portforward: behind the 101); 0 for at once. */
  readonly dropAfterBytes?: number | undefined;
  /** End the answer after so many bytes in order, as if that were all; of exec, attach, portforward the connection. */
  readonly truncateAfterBytes?: number | undefined;
  /** After so many bytes send and read nothing more, and keep the connection. */
  readonly freezeAfterBytes?: number | undefined;
  /** After so many bytes send nothing more, but the end of this direction of the connection; go on reading. */
  readonly halfCloseAfterBytes?: number | undefined;
}

/** A fault, and which requests it is for. What is not given does not matter. */
export interface FakeFaultRule extends FakeFault {
  /** One of these. Default exec, attach and portforward. */
  readonly action?: FakeAction | readonly FakeAction[] | undefined;
  /** Of this pod. */
  readonly pod?: string | undefined;
  /** In this namespace. */
  readonly namespace?: string | undefined;
  /** Of this resource, as `pods` or `deployments.apps`. */
  readonly resource?: string | undefined;
  /** How many such requests go well before. Default 0. */
  readonly after?: number | undefined;
  /** For how many such requests it is. Default all. */
  readonly times?: number | undefined;
}

/** Where an answer is broken off, and how. */
export interface Break {
  readonly how: 'drop' | 'truncate' | 'freeze' | 'halfClose';
  readonly afterBytes: number;
}

const FAULTS: NamesOf<FakeFault> = {
  delayMs: true,
  refuseWith: true,
  message: true,
  dropAfterBytes: true,
  truncateAfterBytes: true,
  freezeAfterBytes: true,
  halfCloseAfterBytes: true,
};

const FAULT_NAMES = optionNames<FakeFault>(FAULTS);

const RULE_NAMES = optionNames<FakeFaultRule>({
  ...FAULTS,
  action: true,
  pod: true,
  namespace: true,
  resource: true,
  after: true,
  times: true,
});

/** Whom faults are for unless they say something else. */
const STREAMS: readonly FakeAction[] = ['exec', 'attach', 'portforward'];

/** Checks a fault. Throws InvalidArgumentError. */
export function checkFault(fault: FakeFault): FakeFault {
  checkObject('fault', fault);
  checkOptions('fault', fault, FAULT_NAMES);
  checkValues(fault);
  return fault;
}

/** Checks a rule. Throws InvalidArgumentError. */
function checkFaultRule(rule: FakeFaultRule): FakeFaultRule {
  checkObject('fault', rule);
  checkOptions('fault', rule, RULE_NAMES);
  checkValues(rule);
  const { action = STREAMS, after = 0, times = 1, pod, namespace, resource } = rule;
  const unknown = [action].flat().find((one) => !isAction(one));
  if (unknown !== undefined) throw new InvalidArgumentError(`there is no action ${shown(unknown)}`);
  for (const [name, value] of Object.entries({ pod, namespace, resource })) checkText(name, value);
  checkRange('after', after, 0, Number.MAX_SAFE_INTEGER);
  checkRange('times', times, 1, Number.MAX_SAFE_INTEGER);
  return rule;
}

/** Where a fault breaks an answer off; null if it does not. */
export function breakOf(fault: FakeFault | null): Break | null {
  const { dropAfterBytes, truncateAfterBytes, freezeAfterBytes, halfCloseAfterBytes } = fault ?? {};
  if (dropAfterBytes !== undefined) return { how: 'drop', afterBytes: dropAfterBytes };
  if (truncateAfterBytes !== undefined) return { how: 'truncate', afterBytes: truncateAfterBytes };
  if (freezeAfterBytes !== undefined) return { how: 'freeze', afterBytes: freezeAfterBytes };
  if (halfCloseAfterBytes !== undefined)
    return { how: 'halfClose', afterBytes: halfCloseAfterBytes };
  return null;
}

/** The rules of a fake API server. Each counts the requests that it is for. */
export class FaultRules {
  readonly #rules = new Map<number, { readonly rule: FakeFaultRule; seen: number }>();
  #lastId = 0;

  /** All of them by their numbers. */
  get all(): (FakeFaultRule & { readonly id: number })[] {
    return [...this.#rules].map(([id, { rule }]) => ({ ...rule, id }));
  }

  /** Adds one; returns its number. Throws InvalidArgumentError. */
  add(rule: FakeFaultRule): number {
    checkFaultRule(rule);
    this.#lastId += 1;
    this.#rules.set(this.#lastId, { rule, seen: 0 });
    return this.#lastId;
  }

  /** Takes one away; false if there is none. */
  delete(id: number): boolean {
    return this.#rules.delete(id);
  }

  /** Takes all away. */
  clear(): void {
    this.#rules.clear();
  }

  /** The fault for a request: that of the first rule which is for it now. All rules which are for such count it. */
  faultFor(request: FakeRequest): FakeFault | null {
    let found: FakeFault | null = null;
    for (const one of this.#rules.values()) {
      const { after = 0, times = Number.POSITIVE_INFINITY } = one.rule;
      if (!concerns(one.rule, request)) continue;
      one.seen += 1;
      if (one.seen > after && one.seen <= after + times) found ??= one.rule;
    }
    return found;
  }
}

function concerns({ action = STREAMS, ...rule }: FakeFaultRule, request: FakeRequest): boolean {
  return (
    [action].flat().includes(request.action) &&
    (rule.pod ?? request.pod) === request.pod &&
    (rule.namespace ?? request.namespace) === request.namespace &&
    (rule.resource ?? request.resource) === request.resource
  );
}

function checkValues(fault: FakeFault): void {
  const { delayMs = 0, refuseWith = 500 } = fault;
  checkTime('delayMs', delayMs);
  checkText('message', fault.message);
  checkRange('refuseWith', refuseWith, 400, 599);
  const breaks = Object.entries(fault).filter(
    ([name, value]) => name.endsWith('AfterBytes') && value !== undefined,
  );
  for (const [name, bytes] of breaks) checkRange(name, bytes, 0, Number.MAX_SAFE_INTEGER);
  const [first, second] = breaks;
  if (second !== undefined)
    throw new InvalidArgumentError(`${first?.[0]} and ${shown(second[0])} exclude each other`);
}
