/** Which VMs carry an Exec out (rule X1): what the command says, else what the mount says of the node, else all. */
import { checkAddressees } from '../tree/addressees.ts';
import type { Addressees } from '../tree/command.ts';
import { findSchemaNode, type Schema, type SchemaNode } from '../tree/schema.ts';
import { formatUri, parsePath } from '../tree/uri.ts';
import type { MoNode } from './mo-node.ts';

/** Who carries out the Execs of one node, unless a command says otherwise: a DM server cannot. */
export interface ExecRule {
  /** The node's schema position relative to the management object's root, as './Update'; `*` stands for any name. Of two about one node the one goes first that has a name where the other has `*`, at the places near the root first. */
  readonly path: string;
  readonly addressees: Addressees;
}

interface Position {
  readonly names: readonly string[];
  readonly addressees: Addressees;
}

const anyName = '*';

/** What a mount says of its Execs. */
export class ExecRules {
  /** The most particular first. */
  readonly #positions: readonly Position[];

  /** Throws RangeError for addressees that are none, for a path that is none, and for two rules about one. */
  constructor(rules: readonly ExecRule[]) {
    const positions = new Map<string, Position>();
    for (const { path, addressees } of rules) {
      const names = parsePath(path);
      const key = JSON.stringify(names);
      if (positions.has(key)) throw new RangeError(`two rules for the Execs of ${path}`);
      checkAddressees(addressees, `the rule for the Execs of ${path}`);
      positions.set(key, { names, addressees });
    }
    this.#positions = [...positions.values()].sort((a, b) => (rank(a) < rank(b) ? -1 : 1));
  }

  /** The addressees of an Exec of this node: `members`, this VM, or those that are named. Throws RangeError for addressees that are none, and for others than this VM where the node stays in it (rule S1). */
  address(
    node: MoNode,
    said: Addressees | undefined,
    vm: string,
    members: readonly string[],
  ): readonly string[] {
    if (said !== undefined) checkAddressees(said, 'an Exec');
    if (node.local) {
      if (typeof said === 'object' && said.some((each) => each !== vm))
        throw new RangeError(`an Exec of ${node.name || '.'} stays in this VM, and cannot be for ${said}`);
      return [vm];
    }
    const addressees = said ?? this.#of(node) ?? 'all';
    if (typeof addressees === 'object') return [...new Set(addressees)];
    return addressees === 'all' ? members : [vm];
  }

  #of(node: MoNode): Addressees | undefined {
    if (this.#positions.length === 0) return undefined;
    const position = positionOf(node);
    return this.#positions.find(({ names }) => isAt(names, position))?.addressees;
  }
}

/** Throws RangeError for a node that the schema does not know. */
export function checkExecTarget(path: readonly string[], { root }: Schema): void {
  let found: ReadonlySet<SchemaNode> = new Set([root]);
  for (const name of path) found = new Set([...found].flatMap((parent) => childrenCalled(parent, name)));
  if (found.size > 0) return;
  throw new RangeError(`the schema knows no node ${formatUri(path)} below the management object's root`);
}

function childrenCalled(parent: SchemaNode, name: string): SchemaNode[] {
  const kinds = ['interior', 'leaf'] as const;
  return kinds.flatMap((kind) => findSchemaNode(parent, name, kind) ?? []);
}

/** A node's names as rules name them, from the root down: those of the schema, or those at creation in a tree without one. */
function positionOf(node: MoNode): readonly string[] {
  const names: string[] = [];
  for (let at = node; at.parentNode !== undefined; at = at.parentNode)
    names.unshift(at.schema === undefined ? at.nameInId : (at.schema.name ?? anyName));
  return names;
}

function isAt(names: readonly string[], position: readonly string[]): boolean {
  return (
    names.length === position.length && names.every((name, at) => name === anyName || name === position[at])
  );
}

/** Sorts names before `*`, the places near the root first. */
function rank({ names }: Position): string {
  return names.map((name) => (name === anyName ? '1' : '0')).join('');
}
