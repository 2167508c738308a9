/** A register with several records: which of them wins (rule M1), and which are needed no more (rule D5). */
import { isSettled, laterRecord, removeWhere } from './held-records.ts';
import type { AddEntry, RegisterState } from './mo-node.ts';
import { type AddRef, localPlace, type RegisterRecord } from './record.ts';
import { compareStamps } from './stamp.ts';

/** What is known of the Adds that records build on. */
interface Adds {
  baseState(base: AddRef | null): 'counts' | 'not' | 'gone';
  addEntry(ref: AddRef): AddEntry | undefined;
}

/** `letGo` hears of each record that is taken out; `isForGood` tells whether an Add that is not held will not come back. */
export function settleContested(
  state: RegisterState,
  adds: Adds,
  letGo: (record: RegisterRecord) => void,
  isForGood: () => boolean,
): void {
  let winner: RegisterRecord | undefined;
  let settledWinner: RegisterRecord | undefined;
  removeWhere(state.records, (record) => {
    const base = adds.baseState(record.base);
    if (base === 'gone' && isSettled(record) && isForGood()) {
      letGo(record);
      return true;
    }
    if (base === 'counts') {
      winner = laterRecord(winner, record);
      if (isSettled(record)) settledWinner = laterRecord(settledWinner, record);
    }
    return false;
  });
  state.winner = winner;
  const keeper = settledWinner;
  if (keeper === undefined) return;
  removeWhere(state.records, (record) => {
    if (record === keeper || !isSettled(record)) return false;
    if (keeper.place === localPlace && record.place !== localPlace) return false;
    if (compareStamps(record.stamp, keeper.stamp) > 0 || !outlives(keeper.base, record.base, adds))
      return false;
    letGo(record);
    return true;
  });
}

/** Whether no Delete can end what builds on `a` without ending what builds on `b`: a's chain of creation stamps is nowhere lower. */
function outlives(a: AddRef | null, b: AddRef | null, adds: Adds): boolean {
  while (a !== null && b !== null) {
    if (a.node !== b.node) return false;
    const order = compareStamps(a.stamp, b.stamp);
    if (order === 0) return true;
    if (order < 0) return false;
    const addOfA = adds.addEntry(a);
    const addOfB = adds.addEntry(b);
    if (addOfA === undefined || addOfB === undefined) return addOfB === undefined;
    a = addOfA.record.base;
    b = addOfB.record.base;
  }
  return a === null;
}
