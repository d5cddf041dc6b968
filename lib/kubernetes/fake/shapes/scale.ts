import { type FakeObject, type Fields, fieldsOf, textsOf } from '../objects/object.ts';
import { failure, type Refusal } from '../requests/refusals.ts';
import { DecodeProblem, decodeAs } from './decode.ts';
import { scaleShape } from './shapes.ts';

/** How many replicas a workload has, as `autoscaling/v1` tells it. */
export function scaleOf(workload: FakeObject): FakeObject {
  const { metadata } = workload;
  const { name, namespace = '', uid = '', resourceVersion = '', creationTimestamp = '' } = metadata;
  const spec = fieldsOf(workload, 'spec');
  const { replicas: wanted = 1 } = spec;
  const { replicas: there = 0 } = fieldsOf(workload, 'status');
  const chosen =
    workload.kind === 'ReplicationController'
      ? textsOf(spec, 'selector')
      : textsOf(fieldsOf(spec, 'selector'), 'matchLabels');
  const labels = Object.entries(chosen);
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
    const { value } = decodeAs(scaleShape(), scale);
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
