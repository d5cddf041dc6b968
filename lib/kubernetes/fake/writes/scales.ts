import { isDeepStrictEqual } from 'node:util';
import { type FakeObject, fieldsOf } from '../objects/object.ts';
import type { FakeStore } from '../objects/store.ts';
import { failure, isRefusal } from '../requests/refusals.ts';
import { scaleOf, withScale } from '../shapes/scale.ts';
import { owned } from './owners.ts';
import { applyPatch } from './patch.ts';
import { conflict, type FakeWrite, isAnother, type WriteAnswer } from './write.ts';

/** Changes the replicas of a workload, or says why not. */
export function writeScale(store: FakeStore, write: FakeWrite, found: FakeObject): WriteAnswer {
  const { method, place, query, mediaType, body } = write;
  const { resource } = place;
  const now = scaleOf(resource, found);
  if (isRefusal(now)) return now;
  const patched = method === 'PATCH' ? applyPatch(mediaType, now, body) : { value: body };
  if ('problem' in patched) return failure(patched.code, patched.problem);
  const metadata = fieldsOf(fieldsOf({ value: patched.value }, 'value'), 'metadata');
  if (isAnother(metadata, found.metadata)) return conflict(place, found);
  const scaled = withScale(resource, found, patched.value);
  if (isRefusal(scaled)) return scaled;
  const next = owned(found, scaled as FakeObject, write, found);
  const isSame = query.has('dryRun') || isDeepStrictEqual(found, next);
  const put = isSame ? next : store.put(resource, next);
  return { code: 200, body: scaleOf(resource, put) };
}
