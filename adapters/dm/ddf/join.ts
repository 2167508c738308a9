/**
 * Top-level Nodes whose Path points into another one, put where they belong: a Node without content is continued by
 * another one that names its place (TND 1.2, section 8.5).
 */
import type { Draft } from './draft.ts';
import type { RootDraft } from './node.ts';
import { childUri } from './path.ts';
import type { Report } from './report.ts';

/** The roots that are left, with the others below them. Reports those whose place does not take them. */
export function join(roots: readonly RootDraft[], report: Report): readonly RootDraft[] {
  const forest = new Forest(roots);
  return roots.filter((root) => {
    const host = root.path === undefined ? undefined : forest.find(root.path);
    if (host === undefined || isWholeTree(root)) return true;
    const notes = report.about(draftUri(root));
    const outcome = forest.attach(root.draft, host);
    if (outcome.fault !== undefined) notes.warn('join', root.draft, outcome.fault);
    return !outcome.joined;
  });
}

/** The URI of a top-level Node. */
export function draftUri(root: RootDraft): string {
  return childUri(root.path ?? '', root.draft.name);
}

interface Outcome {
  readonly joined: boolean;
  readonly fault: string | undefined;
}

/** The top-level Nodes and all below, to be found by URI. */
class Forest {
  readonly #roots = new Map<string, Draft>();
  readonly #children = new WeakMap<readonly Draft[], Map<string | undefined, Draft>>();

  constructor(roots: readonly RootDraft[]) {
    for (const root of roots) {
      const uri = draftUri(root);
      if (!this.#roots.has(uri)) this.#roots.set(uri, root.draft);
    }
  }

  find(uri: string): Draft | undefined {
    const segments = uri.split('/');
    for (let length = segments.length; length > 0; length--) {
      const root = this.#roots.get(segments.slice(0, length).join('/'));
      const found = root && this.#walk(root, segments.slice(length));
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** Puts a node below its host, in place of one that is only named there, or as the content of one that has none. */
  attach(draft: Draft, host: Draft): Outcome {
    if (host.format !== 'node' && !host.isStub) return refused('its Path is that of a leaf; not joined');
    const siblings = this.#index(host);
    const there = siblings.get(segmentOf(draft));
    if (there === undefined) {
      host.format = 'node';
      host.children.push(draft);
      siblings.set(segmentOf(draft), draft);
      return joined;
    }
    if (there.children.length > 0) {
      return refused('its place is taken by a node with nodes below; not joined');
    }
    if (there.isStub) {
      host.children.splice(host.children.indexOf(there), 1, draft);
      siblings.set(segmentOf(draft), draft);
      return joined;
    }
    if (there.format !== 'node' || draft.format !== 'node') {
      return refused('its place is taken by another node; not joined');
    }
    there.children = draft.children;
    return { joined: true, fault: 'the nodes below are joined, its own properties left out' };
  }

  #walk(from: Draft, segments: readonly string[]): Draft | undefined {
    let at: Draft | undefined = from;
    for (const segment of segments) at = at && this.#index(at).get(segment);
    return at;
  }

  #index(draft: Draft): Map<string | undefined, Draft> {
    let index = this.#children.get(draft.children);
    if (index === undefined) {
      index = new Map(draft.children.map((child) => [segmentOf(child), child]));
      this.#children.set(draft.children, index);
    }
    return index;
  }
}

/** The root of a whole tree stands below nothing, though DDFs give it the Path '.', which is its own URI. */
function isWholeTree(root: RootDraft): boolean {
  return root.draft.name === '.';
}

const joined: Outcome = { joined: true, fault: undefined };

function refused(fault: string): Outcome {
  return { joined: false, fault };
}

/** A node's name as the last segment of its URI. */
function segmentOf(draft: Draft): string {
  return childUri('', draft.name).slice('./'.length);
}
