/** Random DM commands that mostly fit the tree as a VM has it now, and now and then do not. */
import type {
  AddCommand,
  Addressees,
  AtomicCommand,
  Command,
  Meta,
  SequenceCommand,
} from '../../src/tree/command.ts';
import { kindOf, type SchemaNode } from '../../src/tree/schema.ts';
import type { TreeNode } from '../../src/tree/tree.ts';
import { formatSegment } from '../../src/tree/uri.ts';
import type { LeafFormat } from '../../src/tree/value.ts';
import { nodesBelow } from '../replica/edits.ts';
import { uriOf } from './node-uri.ts';
import type { Random } from './random.ts';
import { reservedNames } from './reserved.ts';
import { names } from './schemas.ts';
import { openAcl, servers } from './setup.ts';
import { subtreeFor } from './subtrees.ts';
import { dataFor } from './values.ts';

/** A management object as commands see it. */
export interface View {
  readonly mo: string;
  /** Where it is mounted. */
  readonly uri: string;
  readonly root: TreeNode;
  /** Nodes that have Exec handlers somewhere, relative to the root. */
  readonly handled: readonly string[];
  /** The VMs that Execs may name; none where Execs may stay in their VM. */
  readonly vms: readonly string[];
}

/** A node with its URI. */
interface Place {
  readonly uri: string;
  readonly node: TreeNode;
  readonly view: View;
}

type Single = Exclude<Command, AtomicCommand | SequenceCommand>;

const kinds = {
  add: 30,
  'add-twice': 5,
  value: 20,
  rename: 9,
  'rename-parent': 3,
  acl: 6,
  title: 3,
  delete: 9,
  renew: 4,
  copy: 4,
  'copy-all': 3,
  'add-all': 5,
  'replace-all': 5,
  exec: 6,
  get: 1,
  wrong: 2,
  atomic: 10,
  sequence: 4,
} as const;

/** One command for one of the management objects, or an Atomic over several. */
export function randomCommand(random: Random, views: readonly View[]): Command {
  const kind = random.weighted(kinds);
  switch (kind) {
    case 'atomic':
      return { type: 'Atomic', commands: group(random, views) };
    case 'sequence':
      return { type: 'Sequence', commands: group(random, views) };
    case 'renew':
      return { type: 'Atomic', commands: single(random, kind, placesOf(random.pick(views))) };
    default:
      return single(random, kind, placesOf(random.pick(views)))[0] as Command;
  }
}

/** An Add of something that is not there. */
export function randomAdd(random: Random, view: View): AddCommand {
  return addBelow(random, placesOf(view)).add;
}

/** What deletes a node, adds it again as another, and titles it: nothing of what was there before is its own (rule I2). */
export function renewal(random: Random, add: AddCommand): Single[] {
  const { target } = add;
  const data = `anew ${random.int(1_000_000)}`;
  return [{ type: 'Delete', target }, add, { type: 'Replace', target: `${target}?prop=Title`, data }];
}

/** Whether it is an Atomic that deletes a node and adds it again. */
export function hasRenewal(command: Command): boolean {
  if (command.type !== 'Atomic') return false;
  return command.commands.some((each, at) => {
    const next = command.commands[at + 1];
    return each.type === 'Delete' && next?.type === 'Add' && next.target === each.target;
  });
}

function group(random: Random, views: readonly View[]): Command[] {
  const places = views.flatMap(placesOf);
  const commands: Command[] = [];
  for (let count = random.between(2, 4); count > 0; count--) {
    const kind = random.weighted({ ...kinds, atomic: 0, sequence: 0, get: 0, wrong: 0.5 });
    if (kind === 'atomic' || kind === 'sequence') continue;
    commands.push(...single(random, kind, places));
  }
  if (random.chance(0.1)) commands.push({ type: 'Sequence', commands: single(random, 'value', places) });
  return commands;
}

function single(
  random: Random,
  kind: Exclude<keyof typeof kinds, 'atomic' | 'sequence'>,
  places: readonly Place[],
): Single[] {
  const anything = () => random.pick(places);
  const leaf = () => random.pick(places.filter(({ node }) => node.kind === 'leaf').concat(anything()));
  const movable = () =>
    random.pick(places.filter(({ node }) => node.parent !== undefined && !node.required).concat(anything()));
  switch (kind) {
    case 'add':
      return [addBelow(random, places).add];
    case 'add-twice': {
      const { add } = addBelow(random, places);
      return [
        { ...add, meta: { format: 'node' } },
        { type: 'Add', target: `${add.target}/${segment(random)}`, data: 'inside' },
      ];
    }
    case 'value': {
      const { uri, node } = leaf();
      const format = formatOf(random, node.schema);
      return [
        { type: 'Replace', target: uri, data: dataFor(random, format), ...metaFor(random, node, format) },
      ];
    }
    case 'rename':
      return [{ type: 'Replace', target: `${movable().uri}?prop=Name`, data: random.pick(names) }];
    case 'rename-parent': {
      const parents = places.filter(
        ({ node }) => node.parent !== undefined && !node.required && isParent(node),
      );
      const { uri } = random.pick(parents.length === 0 ? places : parents);
      return [{ type: 'Replace', target: `${uri}?prop=Name`, data: random.pick(names) }];
    }
    case 'acl': {
      const server = random.pick(servers);
      const all = `Add=*&Delete=*&Exec=${server}&Get=*&Replace=*`;
      const data = random.pick(['', openAcl, openAcl, all, 'Get=*', `Add=*&Get=*&Replace=${server}`]);
      const deep = places.filter(({ node }) => node.parent?.parent !== undefined);
      const { uri } = random.pick(deep.length > 0 && random.chance(0.7) ? deep : places);
      return [{ type: 'Replace', target: `${uri}?prop=ACL`, data }];
    }
    case 'title':
      return [{ type: 'Replace', target: `${anything().uri}?prop=Title`, data: `title ${random.int(99)}` }];
    case 'delete':
      return [{ type: 'Delete', target: movable().uri }];
    case 'renew': {
      const { uri: target, node } = movable();
      const format = node.kind === 'interior' ? 'node' : formatOf(random, node.schema);
      const data = format === 'node' ? {} : { data: dataFor(random, format) };
      return renewal(random, { type: 'Add', target, meta: { format }, ...data });
    }
    case 'copy':
      return [
        {
          type: 'Copy',
          source: leaf().uri,
          target: random.chance(0.7) ? leaf().uri : newUri(random, places),
        },
      ];
    case 'copy-all':
      return [{ type: 'Copy', source: anything().uri, target: newUri(random, places) }];
    case 'add-all': {
      const { add, schema } = addBelow(random, places);
      const kind = add.meta?.format === 'node' ? 'interior' : 'leaf';
      return [{ type: 'Add', target: add.target, subtree: subtreeFor(random, schema, kind) }];
    }
    case 'replace-all': {
      const { uri, node } = movable();
      return [{ type: 'Replace', target: uri, subtree: subtreeFor(random, node.schema, node.kind) }];
    }
    case 'exec': {
      const { view } = anything();
      const target = `${view.uri}${random.pick(view.handled).slice(1)}`;
      const order = { type: 'Exec', target, correlator: `c${random.int(1_000)}`, data: 'go' } as const;
      return [random.chance(0.3) ? { ...order, addressees: someOf(random, view.vms) } : order];
    }
    case 'get':
      return [{ type: 'Get', target: random.pick([anything().uri, `${anything().uri}?list=StructData`]) }];
    case 'wrong':
      return [
        random.pick<Single>([
          { type: 'Delete', target: `${anything().uri}/No/Such` },
          { type: 'Replace', target: leaf().uri, meta: { format: 'int' }, data: 'no number' },
          { type: 'Add', target: anything().uri, data: 'there already' },
        ]),
      ];
  }
}

function isParent(node: TreeNode): boolean {
  for (const _child of node.children()) return true;
  return false;
}

/** An Add, and what the schema says of its target. */
interface Growth {
  readonly add: AddCommand;
  readonly schema: SchemaNode | undefined;
}

/** Below a node of which the schema lets something grow, under a name that it lets it have, as far as one such is drawn. */
function addBelow(random: Random, places: readonly Place[]): Growth {
  const parents = places.filter(({ node }) => node.kind === 'interior');
  const { uri, node } = random.pick(parents);
  if (node.schema === undefined) return freely(random, uri);
  const choices = node.schema.children.filter(
    ({ name }) => name === undefined || !(reservedNames.includes(name) || node.child(name) !== undefined),
  );
  if (choices.length === 0) return freely(random, uri);
  const schema = random.pick(choices);
  const target = `${uri}/${schema.name ?? segment(random)}`;
  if (kindOf(schema) === 'interior')
    return { add: { type: 'Add', target, meta: { format: 'node' } }, schema };
  const format = formatOf(random, schema);
  return { add: { type: 'Add', target, data: dataFor(random, format), meta: { format } }, schema };
}

function freely(random: Random, parent: string): Growth {
  return { add: freeAdd(random, `${parent}/${segment(random)}`), schema: undefined };
}

function freeAdd(random: Random, target: string): AddCommand {
  switch (random.weighted({ leaf: 5, interior: 4, deep: 1 })) {
    case 'leaf': {
      const format = formatOf(random, undefined);
      return { type: 'Add', target, data: dataFor(random, format), meta: { format } };
    }
    case 'interior': {
      const meta: Meta = random.chance(0.2) ? { format: 'node', type: 'urn:sim' } : { format: 'node' };
      return { type: 'Add', target, meta };
    }
    case 'deep':
      return { type: 'Add', target: `${target}/${segment(random)}/${segment(random)}`, data: 'deep' };
  }
}

function newUri(random: Random, places: readonly Place[]): string {
  return addBelow(random, places).add.target;
}

function someOf(random: Random, vms: readonly string[]): Addressees {
  const some = vms.filter(() => random.chance(0.5));
  return random.pick<Addressees>(some.length === 0 ? ['all', 'issuer'] : ['all', 'issuer', some]);
}

function segment(random: Random): string {
  return formatSegment(random.pick(names));
}

function formatOf(random: Random, schema: SchemaNode | undefined): LeafFormat {
  if (schema !== undefined && schema.format !== 'node') return schema.format;
  return random.pick<LeafFormat>(['chr', 'chr', 'chr', 'int', 'bin']);
}

function metaFor(random: Random, { schema }: TreeNode, format: LeafFormat): { readonly meta?: Meta } {
  if (schema === undefined) return { meta: { format } };
  return random.chance(0.3) ? { meta: { format } } : {};
}

function placesOf(view: View): Place[] {
  const nodes = [...nodesBelow(view.root)].filter(({ name }) => !reservedNames.includes(name));
  return nodes.map((node) => ({ uri: uriOf(view.uri, node), node, view }));
}
