/** Scope rules: which part of a management object is shared (rule S1). */
import type { SchemaNode } from '../tree/schema.ts';
import { parsePath } from '../tree/uri.ts';

/** One rule: the subtree at a schema position, `*` standing for a dynamic name, is shared or stays in each VM. */
export interface ScopeRule {
  /** Relative to the management object's root, as './State' or './Accounts/*' + '/Secret'. */
  readonly path: string;
  readonly share: 'shared' | 'local';
}

/** The rules that concern one node and what is below it. */
export class Scope {
  /** Whether the node, and so everything below it, stays in this VM. */
  local: boolean = false;
  readonly #below = new Map<string, Scope>();

  /** The scope of a child by its schema, or by its name at creation in a tree without one. */
  child(schema: SchemaNode | undefined, name: string): Scope {
    if (this.local) return this;
    const key = schema === undefined ? name : (schema.name ?? '*');
    return this.#below.get(key) ?? this.#below.get('*') ?? everythingShared;
  }

  /** Adds a rule at a position below; used while compiling only. */
  descend(key: string): Scope {
    let scope = this.#below.get(key);
    if (scope === undefined) {
      scope = new Scope();
      this.#below.set(key, scope);
    }
    return scope;
  }
}

const everythingShared = new Scope();

/** The scope of the root; `isLocal`: of a tree that is local altogether. Throws RangeError when a rule's path is no path, is the root, or two rules contradict each other. */
export function compileScope(rules: readonly ScopeRule[], isLocal = false): Scope {
  const root = new Scope();
  root.local = isLocal;
  for (const rule of rules) {
    const path = parsePath(rule.path);
    if (path.length === 0)
      throw new RangeError('a scope rule cannot be about the root of a management object');
    let scope = root;
    for (const name of path) {
      if (scope.local) throw new RangeError(`the scope rule for ${rule.path} lies below one that is local`);
      scope = scope.descend(name);
    }
    scope.local = rule.share === 'local';
  }
  return root;
}

/** The canonical text of rules, equal for equal rules in any order. */
export function serialiseRules(rules: readonly ScopeRule[]): string {
  const lines = rules.map(({ path, share }) => JSON.stringify([`./${parsePath(path).join('/')}`, share]));
  return `[${[...new Set(lines)].sort().join(',')}]`;
}

/** The rules of a text that `serialiseRules` wrote; throws RangeError for any other. */
export function parseRules(text: string): ScopeRule[] {
  const parsed: unknown = JSON.parse(text);
  if (!Array.isArray(parsed)) throw new RangeError('not a list of scope rules');
  return parsed.map((rule: unknown) => {
    const [path, share] = Array.isArray(rule) ? rule : [];
    if (typeof path !== 'string' || (share !== 'local' && share !== 'shared'))
      throw new RangeError('not a scope rule');
    return { path, share };
  });
}
