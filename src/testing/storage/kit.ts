import { type Case, registerCases, type TestRunner } from '../case.ts';
import { contentCases } from './content-cases.ts';
import type { StorageFixture, StoragePlace } from './fixture.ts';
import { lifetimeCases } from './lifetime-cases.ts';

/** Every law of the storage contract as a case. */
export function storageCases<Place extends StoragePlace>(): readonly Case<StorageFixture<Place>>[] {
  return [...contentCases<Place>(), ...lifetimeCases<Place>()];
}

/** Registers the conformance tests of a storage: `describeStorage({ describe, it }, 'mine', { create })`. */
export function describeStorage<Place extends StoragePlace>(
  runner: TestRunner,
  name: string,
  fixture: StorageFixture<Place>,
): void {
  registerCases(runner, `${name} keeps the storage contract`, fixture, storageCases<Place>());
}
