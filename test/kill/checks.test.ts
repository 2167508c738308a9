import { describe, expect, it } from 'vitest';
import { CommandBook } from './command-book.ts';
import { ConflictBook } from './conflict-book.ts';
import { ExecBook, type Outcome } from './exec-book.ts';
import { checkLost } from './lost-check.ts';
import type { Effect, Leaves } from './messages.ts';
import { checkOwn } from './own-check.ts';
import type { Mark, Register } from './registers.ts';
import { checkShared } from './shared-check.ts';

const count = 'one ./ann/count1';
const [left, right] = ['one ./ann/left', 'one ./ann/right'] as const;
const [pairOne, pairTwo] = ['one ./ann/pair', 'two ./ann/pair'] as const;
const [slot, trace] = ['one ./ann/slot1', 'one ./ann/trace'] as const;
const shared = 'one ./shared/a';
const node = 'one ./pool/ann-1-1';

/** A book in which these commands were begun, in this order. */
function bookOf(...commands: readonly [mark: Mark, effects: readonly Effect[]][]): CommandBook {
  const book = new CommandBook();
  for (const [mark, effects] of commands) book.begun(mark, effects);
  return book;
}

function write(...registers: readonly Register[]): Effect[] {
  return registers.map((register) => ({ does: 'write', register }));
}

describe('checkOwn', () => {
  it('[Y2] finds what was answered and is not there', () => {
    const book = bookOf(['ann.1.1', write(count)], ['ann.1.2', write(count)]);
    book.answered('ann.1.2');
    expect(checkOwn(book, 'ann', { [count]: 'ann.1.1' }, 1)).toContain('has ann.1.1 in one ./ann/count1');
    expect(checkOwn(book, 'ann', { [count]: 'ann.1.2' }, 1)).toBeUndefined();
  });

  it('[Y2] knows that what was answered was stored after all that was begun before it', () => {
    const book = bookOf(['ann.1.1', write(count)], ['ann.1.2', write(left, right)]);
    book.answered('ann.1.2');
    expect(checkOwn(book, 'ann', { [left]: 'ann.1.2', [right]: 'ann.1.2' }, 1)).toContain('has nothing');
  });

  it('takes what was begun and not answered as there or not', () => {
    const book = bookOf(['ann.1.1', write(count)]);
    expect(checkOwn(book, 'ann', {}, 1)).toBeUndefined();
    expect(checkOwn(book, 'ann', { [count]: 'ann.1.1' }, 1)).toBeUndefined();
  });

  it('[Y2] does not let go what was found once', () => {
    const book = bookOf(['ann.1.1', write(count)]);
    checkOwn(book, 'ann', { [count]: 'ann.1.1' }, 1);
    expect(checkOwn(book, 'ann', {}, undefined)).toContain('has nothing');
  });

  it('[M7] finds half of a command in one management object', () => {
    const book = bookOf(['ann.1.1', write(left, right)]);
    expect(checkOwn(book, 'ann', { [left]: 'ann.1.1' }, undefined)).toContain(
      'has nothing in one ./ann/right',
    );
  });

  it('[M7] finds half of a command over two management objects in a storage, and not where the hub may have had half', () => {
    const leaves: Leaves = { [pairOne]: 'ann.1.1' };
    expect(checkOwn(bookOf(['ann.1.1', write(pairOne, pairTwo)]), 'ann', leaves, 1)).toContain(
      'two ./ann/pair',
    );
    const elsewhere = bookOf(['ann.1.1', write(pairOne, pairTwo)]);
    expect(checkOwn(elsewhere, 'ann', leaves, undefined)).toBeUndefined();
  });

  it('finds an earlier value that took the place of a later one', () => {
    const book = bookOf(['ann.1.1', write(count)], ['ann.2.1', write(count)]);
    book.answered('ann.2.1');
    expect(checkOwn(book, 'ann', { [count]: 'ann.1.1' }, 2)).toContain('not ann.2.1');
  });

  it('follows what is removed and made again', () => {
    const removal: Effect = { does: 'remove', register: slot };
    const book = bookOf(['ann.1.1', write(slot)], ['ann.1.2', [removal, ...write(trace)]]);
    book.answered('ann.1.1');
    expect(checkOwn(book, 'ann', { [slot]: 'ann.1.1' }, 1)).toBeUndefined();
    expect(checkOwn(book, 'ann', { [slot]: 'ann.1.1', [trace]: 'ann.1.2' }, 1)).toContain('not nothing');
    expect(checkOwn(book, 'ann', { [trace]: 'ann.1.2' }, 1)).toBeUndefined();
  });

  it('takes what is gone as removed by any command that was not answered', () => {
    const removal: Effect = { does: 'remove', register: slot };
    const book = bookOf(['ann.1.1', write(slot)]);
    book.answered('ann.1.1');
    expect(checkOwn(book, 'ann', {}, 1)).toContain('has nothing in one ./ann/slot1');
    book.begun('ann.1.2', [removal, ...write(trace)]);
    book.begun('ann.2.1', write(trace));
    expect(checkOwn(book, 'ann', { [trace]: 'ann.2.1' }, 2)).toBeUndefined();
  });

  it('knows a copy by what was copied', () => {
    const copy = 'one ./ann/copy';
    const book = bookOf(
      ['ann.1.1', write(left, right)],
      ['ann.1.2', [{ does: 'copy', register: copy, from: left }]],
    );
    book.saw('ann.1.2', { [left]: 'ann.1.1' });
    book.answered('ann.1.2');
    const twins: Leaves = { [left]: 'ann.1.1', [right]: 'ann.1.1' };
    expect(checkOwn(book, 'ann', { ...twins, [copy]: 'ann.1.1' }, 1)).toBeUndefined();
    expect(checkOwn(book, 'ann', twins, 1)).toContain('nothing in one ./ann/copy');
  });
});

describe('checkShared', () => {
  /** ann's write, answered; then bob's, which found what is said. */
  function twoWrites(found: Leaves): CommandBook {
    const book = bookOf(['ann.1.1', write(shared)], ['bob.1.1', write(shared)]);
    book.saw('bob.1.1', found);
    book.answered('ann.1.1');
    book.answered('bob.1.1');
    return book;
  }

  it('[M8] finds a write that another took the place of, who did not know of it', () => {
    const problems = checkShared(twoWrites({}), new ConflictBook(), { [shared]: 'bob.1.1' });
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain('[M8] ann.1.1 vanished silently from one ./shared/a, which has bob.1.1');
  });

  it('takes a write as accounted for that its successor knew of', () => {
    const book = twoWrites({ [shared]: 'ann.1.1' });
    expect(checkShared(book, new ConflictBook(), { [shared]: 'bob.1.1' })).toEqual([]);
  });

  it('takes a write as accounted for that was told to be lost', () => {
    const conflicts = new ConflictBook();
    conflicts.told(shared, 'ann.1.1', 'bob.1.1');
    expect(checkShared(twoWrites({}), conflicts, { [shared]: 'bob.1.1' })).toEqual([]);
  });

  it('takes a write as accounted for that was told to be lost from a node that nobody knows any more', () => {
    const conflicts = new ConflictBook();
    conflicts.told('two', 'ann.1.1', undefined);
    expect(checkShared(twoWrites({}), conflicts, { [shared]: 'bob.1.1' })).toHaveLength(1);
    conflicts.told('one', 'ann.1.1', undefined);
    expect(checkShared(twoWrites({}), conflicts, { [shared]: 'bob.1.1' })).toEqual([]);
  });

  it('takes a write as accounted for whose node was told to be lost', () => {
    const conflicts = new ConflictBook();
    conflicts.told(shared, 'add', undefined);
    expect(checkShared(twoWrites({}), conflicts, {})).toHaveLength(0);
  });

  it('[M8] does not believe a successor that nobody ever saw', () => {
    const book = bookOf(['ann.1.1', write(shared)], ['bob.1.1', write(shared)]);
    book.saw('bob.1.1', { [shared]: 'ann.1.1' });
    book.answered('ann.1.1');
    expect(checkShared(book, new ConflictBook(), {})).toHaveLength(1);
  });

  it('believes a successor that came before another of its life which is there', () => {
    const book = bookOf(['ann.1.1', write(shared)], ['bob.1.1', write(shared)], ['bob.1.2', write(shared)]);
    book.saw('bob.1.1', { [shared]: 'ann.1.1' });
    book.saw('bob.1.2', { [shared]: 'bob.1.1' });
    book.answered('ann.1.1');
    expect(checkShared(book, new ConflictBook(), { [shared]: 'bob.1.2' })).toEqual([]);
  });

  it('takes a write as accounted for that a later one of its VM took the place of', () => {
    const book = twoWrites({});
    book.begun('ann.1.2', write(shared));
    book.saw('ann.1.2', { [shared]: 'bob.1.1' });
    book.answered('ann.1.2');
    expect(checkShared(book, new ConflictBook(), { [shared]: 'ann.1.2' })).toEqual([]);
  });

  it('[M2] finds a node that is back after it was deleted', () => {
    const book = bookOf(['ann.1.1', write(node)], ['bob.1.1', [{ does: 'remove', register: node }]]);
    book.saw('bob.1.1', { [node]: 'ann.1.1' });
    book.answered('ann.1.1');
    book.answered('bob.1.1');
    expect(checkShared(book, new ConflictBook(), {})).toEqual([]);
    expect(checkShared(book, new ConflictBook(), { [node]: 'ann.1.1' })[0]).toContain('bob.1.1 vanished');
  });
});

describe('checkLost', () => {
  it('[Y4] finds what was acknowledged and is listed as lost', () => {
    const book = bookOf(['ann.1.1', write(node)], ['bob.1.1', write(node)]);
    book.answered('bob.1.1');
    // The Add itself was never acknowledged.
    expect(checkLost(book, [[node, 'bob.1.1']])).toEqual([]);
    book.answered('ann.1.1');
    expect(checkLost(book, [[node, 'bob.1.1']])).toHaveLength(1);
    expect(checkLost(book, [])).toEqual([]);
  });
});

describe('ExecBook', () => {
  const done = { answer: 'done', status: 200, data: '' } as const;
  const interrupted = { answer: 'interrupted', status: 409, data: '' } as const;
  const outcome: Outcome = { exec: 'e', mark: 'ann.1.1', status: 200, results: [['bob', done]] };

  function bookWith(...outcomes: readonly Outcome[]): ExecBook {
    const book = new ExecBook();
    book.begun('ann.1.1');
    book.answered('ann.1.1');
    for (const each of outcomes) book.outcome(each);
    return book;
  }

  it('is content with one run and one outcome, however often that is told', () => {
    expect(bookWith(outcome, outcome).problems(new Map([['bob', ['e']]]))).toEqual([]);
  });

  it('[X2] finds a second run', () => {
    expect(bookWith(outcome).problems(new Map([['bob', ['e', 'e']]]))).toEqual(['[X2] ran twice: e on bob']);
  });

  it('[X2] finds an answer that is not true', () => {
    expect(bookWith(outcome).problems(new Map([['bob', []]]))[0]).toContain("answered 'done' to e");
    const refused: Outcome = { ...outcome, results: [['bob', { ...done, answer: 'expired' }]] };
    expect(bookWith(refused).problems(new Map([['bob', ['e']]]))[0]).toContain("answered 'expired' to e");
  });

  it('takes an interrupted handler as run or not', () => {
    const cut: Outcome = { ...outcome, results: [['bob', interrupted]] };
    expect(bookWith(cut).problems(new Map([['bob', ['e']]]))).toEqual([]);
    expect(bookWith(cut).problems(new Map([['bob', []]]))).toEqual([]);
  });

  it('[X4] finds an order without an outcome, and one with two', () => {
    expect(bookWith().open()).toEqual(['ann.1.1']);
    expect(bookWith(outcome).open()).toEqual([]);
    expect(bookWith().problems(new Map())).toEqual(['[X4] no outcome of ann.1.1']);
    const other: Outcome = { ...outcome, status: 409, results: [['bob', interrupted]] };
    expect(bookWith(outcome, other).problems(new Map())[0]).toContain('[X4] two outcomes of e');
  });
});
