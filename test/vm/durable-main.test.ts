import { describe, expect, it } from 'vitest';
import { DurableMain } from '../../src/vm/durable-main.ts';
import { Group } from '../replica/group.ts';
import { addLeaf, set } from '../replica/writes.ts';

describe('[X3] [Y4] the place up to which a storage has main', () => {
  it('is 0 from when main is made anew until that is stored, whatever was stored of the other line', () => {
    const group = new Group({ followers: 1 });
    const a = group.follower(0);
    addLeaf(group.hub, './L', '');
    group.settle();
    const backup = [...group.hub.stored];
    for (let n = 0; n < 3; n++) set(group.hub, './L', String(n));
    group.settle();
    const durable = new DurableMain(a.replica);
    expect(durable.place).toBe(a.replica.place);
    const late = durable.mark();
    group.hub.putBack(backup);
    group.settle();
    expect(durable.place).toBe(0);
    durable.stored(late);
    expect(durable.place).toBe(0);
    durable.stored(durable.mark());
    expect(durable.place).toBe(a.replica.place);
    durable.stored(late);
    expect(durable.place).toBe(a.replica.place);
  });
});
