/** A storage that breaks its contract: it answers before it has stored anything. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Storage } from 'virmo-sync';

const lateMs = 40;

/** Stores in order, but so much later. */
export function hasty(storage: Storage): Storage {
  let underway: Promise<void> = Promise.resolve();
  const later = (work: () => Promise<void>): Promise<void> => {
    underway = underway.then(() => delay(lateMs)).then(work);
    return Promise.resolve();
  };
  return {
    documents: () => storage.documents(),
    load: (document) => storage.load(document),
    append: (writes) => later(() => storage.append(writes)),
    remove: (document) => later(() => storage.remove(document)),
    close: () => underway.then(() => storage.close()),
    [Symbol.asyncDispose]: () => underway.then(() => storage.close()),
  };
}
