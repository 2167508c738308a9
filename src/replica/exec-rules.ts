/** Which VMs carry an Exec out (rule X1): what the command says, else what the mount says of the node, else all. */
import type { Addressees } from '../tree/command.ts';
import { parsePath } from '../tree/uri.ts';
import type { MoNode } from './mo-node.ts';
import { isVmId } from './record.ts';

/** Who carries out the Execs of one node, unless a command says otherwise: a DM server cannot. */
export interface ExecRule {
  /** The node's schema position relative to the management object's root, as './Update'; `*` stands for any name. A rule by name goes before one with `*` in its place. */
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

function checkAddressees(addressees: Addressees, what: string): void {
  if (addressees === 'all' || addressees === 'issuer') return;
  if (Array.isArray(addressees) && addressees.length > 0 && addressees.every(isVmId)) return;
  throw new RangeError(
    `${what} is for 'all', for the 'issuer', or for VMs by their ids, and not for ${JSON.stringify(addressees)}`,
  );
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
