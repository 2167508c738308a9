/** Whether what one command wrote is seen as a whole, by whoever looks, at any time (rule M7). */
import type { Mount, Vm } from 'virmo-sync';
import { markIn, targetOf, twinsOf } from './registers.ts';
import { tell } from './tell.ts';

/** Compares the twins of each VM whenever one of them has changed here. */
export function watchTwins(one: Mount, vm: Vm, vms: readonly string[]): void {
  const read = async (target: string): Promise<string> => {
    const { results = [] } = await vm.execute({ type: 'Get', target });
    return results.map(({ data }) => markIn(data))[0] ?? 'nothing';
  };
  one.observe((event) => {
    if (event.type !== 'changed') return;
    const changed = new Set(event.changes.map(({ uri }) => `./One/${uri.slice(2)}`));
    for (const each of vms) {
      const [left, right] = twinsOf(each).map(targetOf);
      if (left === undefined || right === undefined || !(changed.has(left) || changed.has(right))) continue;
      // Both Gets are carried out before anything else is.
      void Promise.all([read(left), read(right)]).then(([a, b]) => {
        if (a !== b) tell({ type: 'wrong', what: `[M7] half of an Atomic: ${left} is ${a}, ${right} ${b}` });
      });
    }
  });
}
