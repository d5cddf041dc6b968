import {
  apiVersionOf,
  type FakeResource,
  qualified,
  RESOURCES,
  resourceNamed,
} from './resources.ts';

/** The resources that one server has: those that it always has, and those that have been defined. */
export class FakeResources {
  #all: readonly FakeResource[] = RESOURCES;
  #byPath = byPath(RESOURCES);
  #byKind = byKind(RESOURCES);

  /** Every one. */
  get all(): readonly FakeResource[] {
    return this.#all;
  }

  /** From now on there are these custom ones, and no others. */
  setCustom(custom: readonly FakeResource[]): void {
    this.#all = [...RESOURCES, ...custom];
    this.#byPath = byPath(this.#all);
    this.#byKind = byKind(this.#all);
  }

  /** The one of a URL; null if there is none. */
  at(group: string, version: string, plural: string): FakeResource | null {
    return this.#byPath.get(`${group}/${version}/${plural}`) ?? null;
  }

  /** The one of an object; null if there is none. */
  ofKind(apiVersion: unknown, kind: unknown): FakeResource | null {
    return this.#byKind.get(`${apiVersion} ${kind}`) ?? null;
  }

  /** The one that people mean by a name: `pods`, `pod`, `po`, `Pod`, `crontabs.stable.example.com`; null if there is none. */
  named(name: string): FakeResource | null {
    return (
      resourceNamed(name, this.#all) ??
      this.#all.find((resource) => resource.group !== '' && qualified(resource) === name) ??
      null
    );
  }
}

function byPath(resources: readonly FakeResource[]): ReadonlyMap<string, FakeResource> {
  return new Map(resources.map((one) => [`${one.group}/${one.version}/${one.plural}`, one]));
}

function byKind(resources: readonly FakeResource[]): ReadonlyMap<string, FakeResource> {
  return new Map(resources.map((one) => [`${apiVersionOf(one)} ${one.kind}`, one]));
}
