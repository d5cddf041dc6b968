import { namesOf, valuesAt } from '../custom/json-path.ts';
import type { CustomScale } from '../objects/custom-kind.ts';
import { type FakeObject, type Fields, fieldsOf, textsOf } from '../objects/object.ts';
import type { FakeResource } from '../objects/resources.ts';
import { isText } from '../objects/texts.ts';
import { failure, type Refusal } from '../requests/refusals.ts';
import { DecodeProblem, decodeAs } from './decode.ts';
import { scaleShape } from './shapes.ts';

/** How many replicas a workload has, as `autoscaling/v1` tells it; or why that cannot be told. */
export function scaleOf({ custom }: FakeResource, workload: FakeObject): FakeObject | Refusal {
  const { metadata } = workload;
  const { name, namespace = '', uid = '', resourceVersion = '', creationTimestamp = '' } = metadata;
  const scale = custom?.scale ?? null;
  const { wanted, there, selector } =
    scale === null ? replicasOf(workload) : customReplicasOf(workload, scale);
  if (wanted === undefined)
    return failure(
      500,
      `Internal error occurred: the spec replicas field "${scale?.wanted}" does not exist`,
    );
  return {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: { name, namespace, uid, resourceVersion, creationTimestamp },
    spec: { replicas: wanted },
    status: { replicas: there, selector },
  };
}

/** What a scale tells. */
interface Replicas {
  readonly wanted: unknown;
  readonly there: unknown;
  readonly selector: string;
}

function replicasOf(workload: FakeObject): Replicas {
  const spec = fieldsOf(workload, 'spec');
  const { replicas: wanted = 1 } = spec;
  const { replicas: there = 0 } = fieldsOf(workload, 'status');
  const chosen =
    workload.kind === 'ReplicationController'
      ? textsOf(spec, 'selector')
      : textsOf(fieldsOf(spec, 'selector'), 'matchLabels');
  const labels = Object.entries(chosen);
  const selector = labels.map(([key, value]) => `${key}=${value}`).join(',');
  return { wanted, there, selector };
}

function customReplicasOf(object: FakeObject, paths: CustomScale): Replicas {
  const [wanted, there = 0, selector = ''] = [paths.wanted, paths.there, paths.selector].map(
    (path) => valuesAt(object, namesOf(path) ?? [])[0],
  );
  return { wanted, there, selector: isText(selector) ? selector : '' };
}

/** The workload with the replicas of such an object, or why it cannot have them. */
export function withScale(
  { custom }: FakeResource,
  workload: FakeObject,
  scale: unknown,
): FakeObject | Refusal {
  try {
    const { value } = decodeAs(scaleShape(), scale);
    const { replicas = 0 } = fieldsOf(value as Fields, 'spec');
    if (Number(replicas) < 0)
      return failure(
        422,
        `Scale.autoscaling "${workload.metadata.name}" is invalid: spec.replicas: Invalid value: ${replicas}: must be greater than or equal to 0`,
      );
    const names = namesOf(custom?.scale?.wanted ?? '') ?? ['spec', 'replicas'];
    return withField(workload, names, replicas) as FakeObject;
  } catch (exception) {
    if (exception instanceof DecodeProblem)
      return failure(400, `it cannot be handled as a Scale: ${exception.message}`);
    throw exception;
  }
}

function withField(
  object: Fields,
  [name = '', ...rest]: readonly string[],
  value: unknown,
): Fields {
  const below = rest.length === 0 ? value : withField(fieldsOf(object, name), rest, value);
  return { ...object, [name]: below };
}
