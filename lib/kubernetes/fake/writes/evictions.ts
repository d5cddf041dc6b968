import { type FakeObject, type Fields, fieldsOf, timestamp } from '../objects/object.ts';
import { BUDGETS, EVICTION } from '../objects/resources.ts';
import { selectionOf } from '../objects/selectors.ts';
import type { FakeStore } from '../objects/store.ts';
import { stateOf } from '../pods/pod-object.ts';
import { failure, isRefusal, type Refusal } from '../requests/refusals.ts';
import { readPosted } from '../shapes/posted-body.ts';
import type { FakeDeletes } from './deletes.ts';
import type { FakeWrite, WriteAnswer } from './write.ts';

/**
 * Evicts pods for clients, as far as their disruption budget allows that: nothing reckons what it allows but the test, or a controller of its own,
 * that writes its `status`.
 */
export class FakeEvictions {
  readonly #store: FakeStore;
  readonly #deletes: FakeDeletes;

  constructor(store: FakeStore, deletes: FakeDeletes) {
    this.#store = store;
    this.#deletes = deletes;
  }

  /** Deletes a pod, or says why not. */
  evict(write: FakeWrite, pod: FakeObject): WriteAnswer {
    const options = readOptions(write.body, pod);
    if (isRefusal(options)) return options;
    const budgets = isOver(pod) ? [] : this.#budgetsOf(pod);
    if (budgets.length > 1)
      return failure(
        500,
        'This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.',
      );
    const [budget = null] = budgets.filter((one) => isGuarded(one, pod));
    const refusal = budget === null ? null : budgetRefusal(budget);
    if (refusal !== null) return refusal;
    const answer = this.#deletes.delete({ ...write, body: options }, pod);
    if (isRefusal(answer)) return answer;
    const isTried = write.query.has('dryRun') || 'dryRun' in options;
    if (budget !== null && !isTried) this.#store.put(BUDGETS, without(budget, pod));
    return {
      code: 201,
      body: { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 },
    };
  }

  #budgetsOf(pod: FakeObject): FakeObject[] {
    return this.#store.list(BUDGETS, pod.metadata.namespace ?? '').filter((budget) => {
      const spec = fieldsOf(budget, 'spec');
      return 'selector' in spec && selectionOf(fieldsOf(spec, 'selector'))(pod);
    });
  }
}

/** How the pod is to be deleted; a refusal for a body that is no eviction of it. */
function readOptions(body: unknown, { metadata }: FakeObject): Fields | Refusal {
  const eviction = readPosted(EVICTION, body);
  if (isRefusal(eviction)) return eviction;
  const { name = metadata.name } = fieldsOf(eviction, 'metadata');
  if (name !== metadata.name)
    return failure(400, `name in URL does not match name in Eviction object: ${name}`);
  return fieldsOf(eviction, 'deleteOptions');
}

/** Whether nobody misses a pod: it does not run, or ends already. */
function isOver(pod: FakeObject): boolean {
  return stateOf(pod).phase !== 'Running' || pod.metadata.deletionTimestamp !== undefined;
}

/** Whether a budget is asked about a pod: those that are not ready may go while there are enough others, or always. */
function isGuarded(budget: FakeObject, pod: FakeObject): boolean {
  if (stateOf(pod).ready) return true;
  const { unhealthyPodEvictionPolicy } = fieldsOf(budget, 'spec');
  if (unhealthyPodEvictionPolicy === 'AlwaysAllow') return false;
  const { currentHealthy = 0, desiredHealthy = 0 } = fieldsOf(budget, 'status');
  return !(Number(desiredHealthy) > 0 && Number(currentHealthy) >= Number(desiredHealthy));
}

function budgetRefusal({ metadata, status }: FakeObject): Refusal | null {
  const known = fieldsOf({ status }, 'status');
  const { observedGeneration = 0, disruptionsAllowed = 0 } = known;
  const { desiredHealthy = 0, currentHealthy = 0 } = known;
  const { name, generation = 0 } = metadata;
  const isSeen = Number(observedGeneration) >= generation;
  if (isSeen && Number(disruptionsAllowed) > 0) return null;
  const why = isSeen
    ? `needs ${desiredHealthy} healthy pods and has ${currentHealthy} currently`
    : 'is still being processed by the server.';
  return failure(429, "Cannot evict pod as it would violate the pod's disruption budget.", [
    { reason: 'DisruptionBudget', message: `The disruption budget ${name} ${why}` },
  ]);
}

/** A budget behind an eviction. */
function without(budget: FakeObject, pod: FakeObject): FakeObject {
  const status = fieldsOf(budget, 'status');
  const { disruptionsAllowed = 0 } = status;
  const disruptedPods = {
    ...fieldsOf(status, 'disruptedPods'),
    [pod.metadata.name]: timestamp(),
  };
  return {
    ...budget,
    status: { ...status, disruptionsAllowed: Number(disruptionsAllowed) - 1, disruptedPods },
  };
}
