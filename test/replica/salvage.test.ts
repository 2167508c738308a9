import { describe, expect, it } from 'vitest';
import { exportCanonical } from '../../src/replica/export.ts';
import { encodeEntry } from '../../src/replica/journal-codec.ts';
import { Replica } from '../../src/replica/replica.ts';
import { salvageJournal } from '../../src/replica/salvage.ts';
import { Group } from './group.ts';
import { addLeaf } from './writes.ts';

/** A journal of a follower with `count` leaves merged, each by an entry of its own. */
function journal(count: number): readonly Uint8Array[] {
  const group = new Group({ followers: 1 });
  for (let n = 0; n < count; n++) {
    addLeaf(group.hub, `./A${n}`, 'x');
    group.settle();
    group.follower(0).persist();
  }
  return [...group.follower(0).stored];
}

function shown(stored: readonly Uint8Array[]): string {
  return exportCanonical(
    new Replica({ vm: 'a', now: () => 1_800_000_000_000, random53: () => 77 }, stored).root,
  );
}

describe('what is salvaged of a journal', () => {
  it('is nothing new where all of it is whole', () => {
    expect(salvageJournal(journal(5))).toMatchObject({
      snapshot: undefined,
      lost: 0,
      hasMain: true,
      wasHub: false,
    });
    expect(salvageJournal([])).toMatchObject({ snapshot: undefined, lost: 0, hasMain: false });
  });

  it('is main up to an entry that is missing, found by what builds on it', () => {
    const whole = journal(20);
    let found = 0;
    for (let gone = 1; gone < whole.length - 1; gone++) {
      const { snapshot } = salvageJournal([...whole.slice(0, gone), ...whole.slice(gone + 1)]);
      // Entries that only say what waits no more are not missed.
      if (snapshot === undefined) continue;
      found++;
      expect(shown([snapshot])).toBe(shown(whole.slice(0, gone)));
    }
    expect(found).toBeGreaterThan(15);
  });

  it('refuses what a newer version wrote', () => {
    const newer = Uint8Array.of(99);
    expect(() => salvageJournal([...journal(1), newer])).toThrow(
      expect.objectContaining({ code: 'storage-newer' }),
    );
  });

  it('begins with the last snapshot, whatever was lost before it', () => {
    const whole = journal(3);
    const last = salvageJournal(whole, { forgetsMain: true }).snapshot ?? new Uint8Array();
    const left = encodeEntry({ type: 'left', commands: [] });
    for (const before of [[undefined], whole, [undefined, ...whole], [Uint8Array.of(1, 9)]])
      expect(salvageJournal([...before, last, left])).toMatchObject({ lost: 0, hasMain: false });
  });
});
