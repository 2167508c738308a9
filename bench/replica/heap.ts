import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

// As --expose-gc would, without asking for it on the command line.
setFlagsFromString('--expose-gc');
const collect: () => void = runInNewContext('gc');

/** The bytes in use on the JavaScript heap after a full collection. */
export function usedHeap(): number {
  // Twice: the first collection may only make weakly held things collectable.
  collect();
  collect();
  return process.memoryUsage().heapUsed;
}
