import { type FakeObject, type Fields, fieldsOf, textsOf } from '../objects/object.ts';
import { failure, type Refusal } from '../requests/refusals.ts';
import { DecodeProblem, decodeAs } from './decode.ts';
import { type Fieldset, METADATA, object } from './shape.ts';

const SPEC = object({ replicas: ['integer', 1] });

/** What is written to `scale`. */
export const SCALE: Fieldset = object({
  apiVersion: ['text'],
  kind: ['text'],
  metadata: [METADATA, 1],
  spec: [SPEC, 2],
  status: ['any', 3],
});

/** How many replicas a workload has, as `autoscaling/v1` tells it. */
export function scaleOf(workload: FakeObject): FakeObject {
  const { metadata } = workload;
  const { name, namespace = '', uid = '', resourceVersion = '', creationTimestamp = '' } = metadata;
  const spec = fieldsOf(workload, 'spec');
  const { replicas: wanted = 1 } = spec;
  const { replicas: there = 0 } = fieldsOf(workload, 'status');
  const labels = Object.entries(textsOf(fieldsOf(spec, 'selector'), 'matchLabels'));
  const selector = labels.map(([key, value]) => `${key}=${value}`).join(',');
  return {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: { name, namespace, uid, resourceVersion, creationTimestamp },
    spec: { replicas: wanted },
    status: { replicas: there, selector },
  };
}

/** The workload with the replicas of such an object, or why it cannot have them. */
export function withScale(workload: FakeObject, scale: unknown): FakeObject | Refusal {
  try {
    const { value } = decodeAs(SCALE, scale);
    const { replicas = 0 } = fieldsOf(value as Fields, 'spec');
    if (Number(replicas) < 0)
      return failure(
        422,
        `Scale.autoscaling "${workload.metadata.name}" is invalid: spec.replicas: Invalid value: ${replicas}: must be greater than or equal to 0`,
      );
    return { ...workload, spec: { ...fieldsOf(workload, 'spec'), replicas } };
  } catch (exception) {
    if (exception instanceof DecodeProblem)
      return failure(400, `it cannot be handled as a Scale: ${exception.message}`);
    throw exception;
  }
}
