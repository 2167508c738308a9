/** A scene in which tests put VMs back, or copy them; and what a VM keeps of others there. */
import type { KeptWrite } from '../../src/replica/journal.ts';
import { decodeEntry } from '../../src/replica/journal-codec.ts';
import { type FollowerSite, Group, type Site } from './group.ts';
import { addLeaf } from './writes.ts';

export interface Scene {
  readonly group: Group;
  readonly a: FollowerSite;
  readonly b: FollowerSite;
}

/** A hub and two VMs with a leaf ./L, in step. */
export function scene(): Scene {
  const group = new Group({ followers: 2 });
  const [a, b] = [group.follower(0), group.follower(1)];
  addLeaf(group.hub, './L', 'old');
  group.settle();
  return { group, a, b };
}

/** What a VM would still keep if it began anew. */
export function keptBy(site: Site): KeptWrite[] {
  site.persist();
  const entry = decodeEntry(site.replica.snapshot());
  return entry.type === 'snapshot' ? [...entry.kept] : [];
}
