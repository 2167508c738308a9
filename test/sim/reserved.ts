/** Leaves that random commands leave alone: what is written to them has a meaning for the simulation. */
import type { AddCommand, AtomicCommand, Command, SequenceCommand } from '../../src/tree/command.ts';
import type { SchemaNode } from '../../src/tree/schema.ts';
import type { TreeNode } from '../../src/tree/tree.ts';
import { leaf, ZERO_OR_ONE } from '../tree/schemas.ts';

/** Two leaves that are only ever written together, by one Atomic: half of one would be seen (rule M7). */
const pair: readonly string[] = ['P', 'Q'];
/** Takes what is large. */
const large = 'L';
/** Is added, deleted and written to in a certain order by several VMs. */
const contested = 'F';

/** No other command, rule or handler is about nodes of these names. */
export const reservedNames: readonly string[] = [...pair, large, contested];

/** What a schema says of them. */
export const reservedSchema: readonly SchemaNode[] = reservedNames.map((name) =>
  leaf(name, 'chr', { occurrence: ZERO_OR_ONE }),
);

/** A management object, and where it is mounted. */
interface Mounted {
  readonly uri: string;
  readonly root: TreeNode;
}

/** Writes both leaves of each of these management objects. */
export function writePairs(views: readonly Mounted[], data: string): AtomicCommand {
  return { type: 'Atomic', commands: views.flatMap((view) => pair.map((name) => write(view, name, data))) };
}

/** Throws an Error when the two leaves differ. */
export function checkPair(root: TreeNode): void {
  const [one, other] = pair.map((name) => root.child(name)?.value?.data);
  if (one !== other)
    throw new Error(`[M7] half of an Atomic: ${JSON.stringify(one)} and ${JSON.stringify(other)}`);
}

/** Writes one large text. */
export function writeLarge(view: Mounted, number: number, bytes: number): Command {
  return write(view, large, `${number} ${'x'.repeat(bytes)}`);
}

/** Adds the leaf about which VMs are to contend. */
export function addContested({ uri }: Mounted, data: string): AddCommand {
  return { type: 'Add', target: `${uri}/${contested}`, data };
}

/** Writes whatever of the reserved leaves may be written alone: several registers, each at once replaced by the next call's. */
export function writeChurn(view: Mounted, data: string): SequenceCommand {
  const there = [...pair, large].filter((name) => view.root.child(name) !== undefined);
  const titles = there.map((name): Command => {
    return { type: 'Replace', target: `${view.uri}/${name}?prop=Title`, data };
  });
  return { type: 'Sequence', commands: [write(view, large, data), ...titles] };
}

function write({ uri, root }: Mounted, name: string, data: string): Command {
  const target = `${uri}/${name}`;
  return root.child(name) === undefined ? { type: 'Add', target, data } : { type: 'Replace', target, data };
}
