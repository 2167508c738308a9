/** Scope rules: which part of a management object is shared, and who writes it (rule S1). */
import { kindOf, type Schema, type SchemaNode } from '../tree/schema.ts';
import { formatUri, parsePath } from '../tree/uri.ts';
import { isVmId } from './record.ts';

/** One rule: about the subtree at a schema position, `*` standing for any name. Of two about one node the one goes first that has a name where the other has `*`, at the places near the root first; one further down goes before one above. */
export interface ScopeRule {
  /** Relative to the management object's root, as './State' or './Accounts/*' + '/Secret'. */
  readonly path: string;
  readonly share: Share;
}

/** What a rule can say (rule S1). */
export type Share =
  /** Every VM writes it. */
  | 'shared'
  /** It never leaves a VM: each has its own. */
  | 'local'
  /** One VM writes it, the others read. */
  | { readonly from: string };

/** A rule, ready to be looked up. */
interface Rule {
  readonly path: string;
  readonly names: readonly string[];
  readonly share: Share;
}

/** What the rules say of one node, and which of them are about nodes below it. */
export class Scope {
  /** Whether the node, and so everything below it, stays in this VM. */
  readonly local: boolean;
  /** The VM that alone writes here; `undefined`: every VM does. */
  readonly writer: string | undefined;
  /** Whether this VM may write here. */
  readonly isWritable: boolean;
  readonly #scopes: Scopes;
  readonly #depth: number;
  /** The rules about nodes below, by what they say of the next name. */
  readonly #rules: ReadonlyMap<string, readonly Rule[]>;
  readonly #below = new Map<string, Scope>();

  /** `rules`: those about nodes below, all of which lead here. To be had from `Scopes` alone: equal scopes are one object. */
  constructor(
    scopes: Scopes,
    share: { readonly local: boolean; readonly writer: string | undefined },
    depth: number,
    rules: readonly Rule[],
  ) {
    this.#scopes = scopes;
    this.local = share.local;
    this.writer = share.writer;
    this.isWritable = this.isWritableBy(scopes.vm);
    this.#depth = depth;
    this.#rules = byName(rules, depth);
  }

  /** Whether a VM may write here. */
  isWritableBy(vm: string): boolean {
    return this.writer === undefined || this.writer === vm;
  }

  /** The scope of a child by its schema; by its name at creation where the tree has none, or knows no such node of this kind (rule M6). */
  child(schema: SchemaNode | undefined, name: string, kind: 'interior' | 'leaf'): Scope {
    if (this.local || this.#rules.size === 0) return this;
    const isUnknown = schema === undefined || (schema.name === undefined && kindOf(schema) !== kind);
    return this.at(isUnknown ? name : (schema.name ?? anyName));
  }

  /** The scope of a child by what rules call it. */
  at(name: string): Scope {
    if (this.local) return this;
    const key = this.#rules.has(name) ? name : anyName;
    let scope = this.#below.get(key);
    if (scope === undefined) {
      scope = this.#childAt(key);
      this.#below.set(key, scope);
    }
    return scope;
  }

  #childAt(key: string): Scope {
    const named = key === anyName ? [] : (this.#rules.get(key) ?? []);
    const rules = [...named, ...(this.#rules.get(anyName) ?? [])];
    const depth = this.#depth + 1;
    const [first] = rules.filter(({ names }) => names.length === depth).sort(byParticularity);
    const below = rules.filter(({ names }) => names.length > depth);
    const share =
      first === undefined ? this : { local: first.share === 'local', writer: writerOf(first.share) };
    return this.#scopes.of(share, depth, below);
  }
}

/** All scopes of one set of rules, each made when a node first has it. */
class Scopes {
  /** The VM that asks what it may write. */
  readonly vm: string;
  readonly #known = new Map<string, Scope>();
  readonly #numbers = new Map<Rule, number>();

  constructor(vm: string) {
    this.vm = vm;
  }

  of({ local, writer }: Pick<Scope, 'local' | 'writer'>, depth: number, rules: readonly Rule[]): Scope {
    const below = local ? [] : rules;
    const numbers = below.map((rule) => this.#numberOf(rule)).sort((a, b) => a - b);
    const key = JSON.stringify([local, writer, below.length > 0 ? depth : 0, numbers]);
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const scope = new Scope(this, { local, writer }, depth, below);
    this.#known.set(key, scope);
    return scope;
  }

  #numberOf(rule: Rule): number {
    const number = this.#numbers.get(rule) ?? this.#numbers.size;
    this.#numbers.set(rule, number);
    return number;
  }
}

const anyName = '*';
/** More than any management object needs; from outside come as many as a message holds. */
const maxRules = 1_000;
const maxNames = 64;

function byName(rules: readonly Rule[], depth: number): ReadonlyMap<string, readonly Rule[]> {
  const groups = new Map<string, Rule[]>();
  for (const rule of rules) {
    const name = rule.names[depth] ?? anyName;
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [rule]);
    else group.push(rule);
  }
  return groups;
}

/** A name goes before `*`, at the places near the root first. */
function byParticularity(a: Rule, b: Rule): number {
  for (const [at, name] of a.names.entries()) {
    const order = Number(name === anyName) - Number(b.names[at] === anyName);
    if (order !== 0) return order;
  }
  return 0;
}

function writerOf(share: Share): string | undefined {
  return typeof share === 'object' ? share.from : undefined;
}

/** For whom rules are compiled. */
export interface ScopeOptions {
  /** The VM that asks what it may write. Default: one that no rule names. */
  readonly vm?: string;
  /** The whole tree is local. */
  readonly isLocal?: boolean;
}

/**
 * The scope of the root. Throws RangeError when a rule's path is no path, is the root, or has more than 64 names, when it names what cannot be a VM, when two rules contradict each other, or one
 * lies below a local one; and for more than 1,000 rules.
 */
export function compileScope(
  given: readonly ScopeRule[],
  { vm = '', isLocal = false }: ScopeOptions = {},
): Scope {
  if (given.length > maxRules)
    throw new RangeError(`${given.length} scope rules; at most ${maxRules} are taken`);
  const rules = new Map<string, Rule>();
  for (const { path, share } of given) {
    const rule = { path, names: parsePath(path), share };
    mustBeRule(rule);
    const key = JSON.stringify(rule.names);
    const known = rules.get(key);
    if (known !== undefined && !isSameShare(known.share, share))
      throw new RangeError(`two scope rules for ${path} contradict each other`);
    rules.set(key, rule);
  }
  const root = new Scopes(vm).of({ local: isLocal, writer: undefined }, 0, [...rules.values()]);
  for (const { path, names } of rules.values()) {
    let scope = root;
    for (const name of names) {
      if (scope.local) throw new RangeError(`the scope rule for ${path} lies below one that is local`);
      scope = scope.at(name);
    }
  }
  return root;
}

function mustBeRule({ path, names, share }: Rule): void {
  if (names.length === 0)
    throw new RangeError('a scope rule cannot be about the root of a management object');
  if (names.length > maxNames)
    throw new RangeError(
      `the scope rule for ${path.slice(0, 80)}… has ${names.length} names; at most ${maxNames} are taken`,
    );
  if (!isShare(share)) throw new RangeError(`the scope rule for ${path} says nothing that is known`);
  const writer = writerOf(share);
  if (writer !== undefined && !isVmId(writer))
    throw new RangeError(`the scope rule for ${path} names no VM: '${writer}'`);
}

function isSameShare(a: Share, b: Share): boolean {
  return typeof a === 'object' && typeof b === 'object' ? a.from === b.from : a === b;
}

/** Throws RangeError for a rule about a position that the schema does not have: a slip of the pen would share what is to stay. */
export function checkPositions(
  rules: readonly { readonly path: string }[],
  { root }: Schema,
  what = 'scope rule for',
): void {
  for (const { path } of rules) {
    let found: readonly SchemaNode[] = [root];
    for (const key of parsePath(path)) {
      const below = found.flatMap(({ children }) => children);
      found = key === anyName ? below : below.filter(({ name }) => name === key);
    }
    if (found.length === 0)
      throw new RangeError(`the ${what} ${path} is about nothing that the schema knows`);
  }
}

/** The canonical text of rules, equal for equal rules in any order. */
export function serialiseRules(rules: readonly ScopeRule[]): string {
  const lines = rules.map(({ path, share }) =>
    JSON.stringify([formatUri(parsePath(path)), typeof share === 'object' ? { from: share.from } : share]),
  );
  return `[${[...new Set(lines)].sort().join(',')}]`;
}

/** The rules of a text that `serialiseRules` wrote; throws RangeError for any other. */
export function parseRules(text: string): ScopeRule[] {
  const parsed = parseJson(text);
  if (!Array.isArray(parsed)) throw new RangeError('not a list of scope rules');
  return parsed.map((rule: unknown) => {
    const [path, share] = Array.isArray(rule) ? rule : [];
    if (typeof path !== 'string' || !isShare(share)) throw new RangeError('not a scope rule');
    return { path, share };
  });
}

function isShare(value: unknown): value is Share {
  if (value === 'local' || value === 'shared') return true;
  return typeof value === 'object' && value !== null && 'from' in value && typeof value.from === 'string';
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new RangeError('not a list of scope rules', { cause });
  }
}
