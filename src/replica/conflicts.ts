/** Which writes lost to a concurrent one (rule M8): found by the hub, as each command is merged. */
import { formatSegment } from '../tree/uri.ts';
import { isSameValue } from '../tree/value.ts';
import { uriOf } from './changes.ts';
import type { Fold } from './fold.ts';
import { recordsOf } from './held-records.ts';
import type { MoNode } from './mo-node.ts';
import {
  type AddRecord,
  addKey,
  type ConflictSide,
  type DeleteRecord,
  localPlace,
  type Register,
  type TreeContent,
  type TreeRecord,
} from './record.ts';
import { compareStamps } from './stamp.ts';
import { type Look, Uris } from './uris.ts';

/** A write and the one that it might lose to, or beat. */
export interface Rivalry {
  readonly mine: TreeRecord;
  /** `undefined`: a Delete of which nothing but its effect is known any more. */
  readonly rival: TreeRecord | undefined;
  /** Where the node is, while that can be told. */
  readonly uri: string;
}

/** A write that was lost to a concurrent one, as the hub notes it in main (rule M8). */
export interface Conflict {
  readonly node: string;
  readonly uri: string;
  readonly lost: ConflictSide;
  /** `undefined`: a Delete of which nothing but its effect is known any more. */
  readonly kept: ConflictSide | undefined;
}

/** What a record meets that its writer had not seen, told before it is merged. */
export function rivalsOf(record: TreeRecord, fold: Fold): Rivalry[] {
  const node = fold.node(record.node);
  const { content } = record;
  // A Delete counts by itself, whatever became of the Add that it was meant for (rule I2).
  if (content.kind !== 'delete' && fold.baseState(record.base) !== 'counts') {
    const { nearest, uri } = whereabouts(record, fold);
    return [{ mine: record, rival: killerOf(record, nearest), uri }];
  }
  const hider = content.kind === 'delete' ? undefined : hiderOf(record, fold);
  if (hider !== undefined) return [{ mine: record, rival: hider, uri: whereabouts(record, fold).uri }];
  switch (content.kind) {
    case 'add': {
      const killer = node?.deletes.find(({ stamp }) => compareStamps(stamp, record.stamp) > 0);
      return rivalry(record, killer ?? renameOf(record as AddRecord, node), node);
    }
    case 'delete':
      return node === undefined ? [] : victimsOf(record as DeleteRecord, node);
    case 'name':
    case 'value':
    case 'acl':
    case 'title':
    case 'type':
      return rivalry(record, node?.registers[content.kind]?.winner, node);
  }
}

/** Decides, after the record is merged, which side of each rivalry is lost. Of a node whose Add is lost nothing else is told. An Add that a Delete does not end is later than it: neither is lost. */
export function decide(rivalries: readonly Rivalry[], fold: Fold): Conflict[] {
  const conflicts: Conflict[] = [];
  const lostAdds = new Set<string>();
  for (const { mine, rival, uri } of rivalries) {
    if (rival !== undefined && mine.content.kind === 'delete' && outlives(rival, fold)) continue;
    const [lost, kept] = rival === undefined || loses(mine, rival, fold) ? [mine, rival] : [rival, mine];
    if (lostAdds.has(addKey(lost))) continue;
    if (lost.content.kind === 'add') lostAdds.add(addKey(lost));
    conflicts.push({
      node: lost.node,
      uri: livingUri(lost.node, fold) ?? uri,
      lost: side(lost),
      kept: kept && side(kept),
    });
  }
  return conflicts;
}

function rivalry(mine: TreeRecord, rival: TreeRecord | undefined, node: MoNode | undefined): Rivalry[] {
  if (rival === undefined || !isUnseen(rival, mine) || haveSameEffect(mine.content, rival.content)) return [];
  return [{ mine, rival, uri: knownUri(node) }];
}

/** Merged after the place that the writer had seen, and not of its own VM's earlier ones: a VM's stamps rise, so one with a later stamp is of a state that it was put back from. */
function isUnseen(record: TreeRecord, writer: TreeRecord): boolean {
  if (record.place <= writer.seen) return false;
  return record.stamp.vm !== writer.stamp.vm || compareStamps(record.stamp, writer.stamp) > 0;
}

/** The Delete that ended what a record builds on, as far as it is still known: its writer cannot have seen it. */
function killerOf(record: TreeRecord, nearest: MoNode | undefined): DeleteRecord | undefined {
  const { base } = record;
  for (let at = nearest; at !== undefined; at = at.parentNode) {
    for (const killer of at.deletes) {
      const isLater = at.id !== base?.node || compareStamps(killer.stamp, base.stamp) > 0;
      if (isLater && isUnseen(killer, record)) return killer;
    }
  }
  return undefined;
}

/** The Delete of a node above a record that counts all the same, as it builds on an Add further up (rule I2): with that node it is gone from the tree. */
function hiderOf(record: TreeRecord, fold: Fold): DeleteRecord | undefined {
  const { node, content } = record;
  const place = fold.node(content.kind === 'add' ? content.parent : node);
  const deletes = fold.handedOn.goneAbove(place).flatMap((gone) => gone.deletes);
  return deletes.find((held) => isUnseen(held, record));
}

/** The rename that gave the node which an Add meets another name (rule M1). */
function renameOf(record: AddRecord, node: MoNode | undefined): TreeRecord | undefined {
  if (node === undefined || !node.alive || node.parentNode === undefined) return undefined;
  const { parentNode: parent } = node;
  if (parent.nameKey(node.name) === parent.nameKey(record.content.name)) return undefined;
  return node.registers.name?.winner;
}

/** What a Delete takes away that its writer had not seen: Adds, and registers as far as they do not build on these. Not what stays in this VM (rule S1), of which nobody else hears. */
function victimsOf(record: DeleteRecord, top: MoNode): Rivalry[] {
  const victims: Rivalry[] = [];
  const uris = new Uris(known);
  const todo: MoNode[] = [top];
  for (let node = todo.pop(); node !== undefined; node = todo.pop()) {
    if (!node.alive) continue;
    const unseen = [...recordsOf(node)].filter(
      (held) => held.content.kind !== 'delete' && held.place !== localPlace && isUnseen(held, record),
    );
    const adds = new Set(unseen.filter((held) => held.content.kind === 'add').map(addKey));
    const uri = unseen.length === 0 ? '' : (uris.of(node) ?? '');
    for (const rival of unseen) {
      const goesWithAdd = rival.content.kind !== 'add' && rival.base !== null && adds.has(addKey(rival.base));
      if (!goesWithAdd) victims.push({ mine: record, rival, uri });
    }
    for (const child of node.family) todo.push(child);
  }
  return victims;
}

/** Whether the Delete that took a record for its victim left it alone, and where it is. */
function outlives(rival: TreeRecord, fold: Fold): boolean {
  const node = fold.node(rival.node);
  if (node?.alive !== true || fold.handedOn.goneAbove(node).length > 0) return false;
  return fold.find(rival) !== undefined;
}

function loses(mine: TreeRecord, rival: TreeRecord, fold: Fold): boolean {
  if (mine.content.kind === 'delete') return false;
  if (rival.content.kind === 'delete') return true;
  if (mine.content.kind === 'add') return true;
  const winner = fold.node(mine.node)?.registers[mine.content.kind as Register]?.winner;
  return winner !== undefined && compareStamps(winner.stamp, mine.stamp) !== 0;
}

function side({ stamp, content }: TreeRecord): ConflictSide {
  return { stamp, content };
}

/** Whether two writes of one register of a node say the same. */
export function saysTheSame(a: TreeContent, b: TreeContent): boolean {
  return haveSameEffect(a, b) || (a.kind === b.kind && (a.kind === 'add' || a.kind === 'delete'));
}

/** Two writes of a register with the same content leave nothing lost. */
function haveSameEffect(a: TreeContent, b: TreeContent): boolean {
  if (a.kind === 'value' && b.kind === 'value') return isSameValue(a.value, b.value);
  return a.kind === b.kind && 'text' in a && 'text' in b && a.text === b.text;
}

/** Where a record's node is or was, and what is still held of it or the nearest above it. */
function whereabouts(
  record: TreeRecord,
  fold: Fold,
): { readonly nearest: MoNode | undefined; readonly uri: string } {
  const { content } = record;
  let id = record.node;
  let below = '';
  for (;;) {
    const nearest = fold.node(id);
    const grave = id === record.node && content.kind === 'add' ? content : fold.graveOf(id);
    if (nearest !== undefined || grave === undefined) {
      const above = knownUri(nearest);
      return { nearest, uri: above === '' ? '' : `${above}${below}` };
    }
    below = `/${formatSegment(grave.name)}${below}`;
    id = grave.parent;
  }
}

/** Where a node is after the command, if it lives: a rename may have moved it. */
function livingUri(id: string, fold: Fold): string | undefined {
  const node = fold.node(id);
  return node?.alive === true ? knownUri(node) : undefined;
}

function knownUri(node: MoNode | undefined): string {
  for (let at = node; at?.parentNode !== undefined; at = at.parentNode) if (at.name === '') return '';
  return node?.scope === undefined ? '' : uriOf(node);
}

/** As `knownUri` has it, of many nodes: one has a place, in the tree or not, when it and all above it were heard of. */
function known({ scope, parentNode, name }: MoNode): Look {
  return { isShown: scope !== undefined && (parentNode === undefined || name !== ''), name };
}
