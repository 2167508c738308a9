/** How a case ended, as one engineer tells it to another: what differs from the tree that everybody had before, and what the VMs report. */
import type { ConflictReport } from '../../../src/replica/events.ts';
import type { MoNode } from '../../../src/replica/mo-node.ts';
import type { OpenConflict } from '../../../src/replica/open-conflicts.ts';
import type { ConflictSide } from '../../../src/replica/record.ts';
import { formatUri } from '../../../src/tree/uri.ts';
import type { Value } from '../../../src/tree/value.ts';
import { Group, type HubSite } from '../group.ts';
import { letterOf, plant, schema } from './alphabet.ts';

/** One thing that can be told of one place. */
export interface Fact {
  /** A URI. */
  readonly place: string;
  readonly verb: 'is' | 'has';
  readonly what: string;
}

/** What differs from the tree that everybody had before: of its nodes, then what is there besides. */
export function factsOf({ hub }: Group): Fact[] {
  const shown = new Map([...nodesIn(hub.replica.root)].map(({ node, uri }) => [node.id, { node, uri }]));
  const facts: Fact[] = [];
  const over: string[] = [];
  for (const [id, place] of planted) {
    const there = shown.get(id);
    if (over.some((above) => place.startsWith(`${above}/`))) continue;
    if (there === undefined || wasDeleted(id, hub)) over.push(place);
    if (there !== undefined) facts.push(...changesOf(place, there, wasDeleted(id, hub)));
    else if (!hub.replica.conflicts().some((open) => open.id === id))
      facts.push({ place, verb: 'is', what: 'gone' });
  }
  for (const [id, { node, uri }] of shown) {
    if (!planted.has(id)) facts.push({ place: uri, verb: 'is', what: newNode(node, writersOf(id, hub)) });
  }
  return facts;
}

/** The facts as one sentence without a full stop. */
export function told(facts: readonly Fact[]): string {
  if (facts.length === 0) return 'as before';
  const clauses = new Map<string, string[]>();
  for (const { place, verb, what } of facts) {
    const clause = `\`${place}\` ${verb}`;
    clauses.set(clause, [...(clauses.get(clause) ?? []), what]);
  }
  return [...clauses].map(([clause, whats]) => `${clause} ${whats.join(' and ')}`).join('; ');
}

/** What all VMs tell their agents: conflicts, then parked nodes. Sentences without full stops. */
export function reportsOf({ hub }: Group): string[] {
  const conflicts = hub.events.flatMap((event) => (event.type === 'conflict' ? [event.conflict] : []));
  return [...conflicts.map(lost), ...hub.replica.conflicts().map(parked)];
}

function changesOf(place: string, { node, uri }: Shown, isNew: boolean): Fact[] {
  const { name, value, acl, title } = node;
  const isEmpty = [...node.children()].length === 0;
  if (isNew) return [{ place, verb: 'is', what: isEmpty ? 'a new one, and empty' : 'a new one' }];
  const facts: Fact[] = [];
  if (!place.endsWith(`/${name}`)) facts.push({ place, verb: 'is', what: `now \`${uri}\`` });
  if (value !== undefined && value.data !== 'on')
    facts.push({ place: uri, verb: 'has', what: valueText(value) });
  if (acl !== '') facts.push({ place: uri, verb: 'has', what: `${acl.replace('Get=', '')}'s ACL` });
  if (title !== '') facts.push({ place: uri, verb: 'has', what: `${title}'s Title` });
  return facts;
}

function newNode({ kind, value }: MoNode, writers: ReadonlySet<string>): string {
  const article = writers.size > 1 ? 'one' : kind === 'leaf' ? 'a' : 'an';
  return value === undefined ? `${article} interior node` : `${article} leaf with ${valueText(value)}`;
}

function valueText({ data }: Value): string {
  return data === 'off' ? 'the value `off`' : `${String(data)}'s value`;
}

function lost({ uri, lost, kept }: ConflictReport): string {
  const winner = kept === undefined ? 'a Delete' : sideOf(kept, uri);
  const isAlike = kept?.content.kind === lost.content.kind && kept.content.kind !== 'name';
  return `${sideOf(lost, uri)} is lost to ${isAlike ? winner.slice(0, 3) : winner}`;
}

function sideOf({ stamp, content }: ConflictSide, uri: string): string {
  const whose = `${letterOf(stamp.vm)}'s`;
  switch (content.kind) {
    case 'add':
      return `${whose} Add of \`${content.name}\``;
    case 'delete':
      return `${whose} Delete`;
    case 'name':
      return `${whose} rename to \`${content.text}\``;
    case 'value':
      return `${whose} value of \`${uri}\``;
    case 'acl':
      return `${whose} ACL of \`${uri}\``;
    case 'title':
      return `${whose} Title of \`${uri}\``;
    case 'type':
      return `${whose} Type`;
  }
}

function parked({ id, uri, kind, vm, why }: OpenConflict): string {
  const known = planted.get(id);
  const node =
    known === undefined
      ? `${letterOf(vm)}'s ${kind === 'leaf' ? 'leaf' : 'interior node'} \`${uri}\``
      : `\`${known}\``;
  return `${node} is parked: ${why === 'name' ? 'the name is taken' : 'there are two already'}`;
}

interface Shown {
  readonly node: MoNode;
  readonly uri: string;
}

function* nodesIn(root: MoNode, path: readonly string[] = []): Generator<Shown> {
  for (const node of [...root.children()].sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const below = [...path, node.name];
    yield { node, uri: formatUri(below) };
    yield* nodesIn(node, below);
  }
}

/** The VMs that made this node, or made it anew. */
function writersOf(id: string, { replica }: HubSite): Set<string> {
  const adds = [...replica.records()].filter(({ node, content }) => node === id && content.kind === 'add');
  return new Set(adds.map(({ stamp }) => stamp.vm));
}

function wasDeleted(id: string, { replica }: HubSite): boolean {
  return [...replica.records()].some(({ node, content }) => node === id && content.kind === 'delete');
}

/** The nodes that everybody had before, by id. */
const planted: ReadonlyMap<string, string> = new Map(plantedNodes());

function plantedNodes(): [string, string][] {
  const { hub } = new Group({ followers: 0, schema });
  plant(hub);
  return [...nodesIn(hub.replica.root)].map(({ node, uri }) => [node.id, uri]);
}
