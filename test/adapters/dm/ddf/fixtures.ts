import { readFileSync } from 'node:fs';

/** A small document of the project's own, by its name in test/fixtures/ddf. */
export function fixture(name: string): string {
  return readFileSync(new URL(`../../../fixtures/ddf/${name}.xml`, import.meta.url), 'utf8');
}
