/** What a hub makes of one record of a branch before it merges it (rules D2, I2, M9, S1): every sender is taken for broken or hostile. */
import { parseAcl } from '../tree/acl.ts';
import { checkData } from '../tree/format.ts';
import { findSchemaNode, isRequired, kindOf } from '../tree/schema.ts';
import { checkValue } from '../tree/schema-value.ts';
import { utf8Length } from '../tree/text.ts';
import { nameProblem } from '../tree/uri.ts';
import type { Value } from '../tree/value.ts';
import type { Fold } from './fold.ts';
import type { RefusalCode } from './journal.ts';
import type { MoNode } from './mo-node.ts';
import { nodeId } from './node-id.ts';
import type { AddRecord, AddRef, RegisterContent, TreeRecord } from './record.ts';
import { compareStamps } from './stamp.ts';

/** What the hub does with a record: merges it, merges it without effect, or refuses its whole command (rule S3). */
export type Verdict =
  /** It may be merged. */
  | 'fine'
  /** It is in order, but what it builds on is deleted: it can never count. */
  | 'dead'
  | { readonly code: RefusalCode; readonly reason: string };

/** Longest Title, in bytes of UTF-8 (TND 1.2, section 8.3.7). */
const maxTitleBytes = 255;

/** Judges one record against the tree as the records before it have made it. */
export function judge(record: TreeRecord, fold: Fold): Verdict {
  const { content } = record;
  if (content.kind === 'add') return judgeAdd(record as AddRecord, fold);
  const node = fold.node(record.node);
  if (fold.baseState(record.base) !== 'counts') {
    // A Delete counts by itself: it may yet end an Add that is older than it and arrives later (rule I2).
    return content.kind === 'delete' && !node?.required && !node?.local ? 'fine' : 'dead';
  }
  if (node === undefined || node.scope === undefined || !sameNode(builtOn(node), record.base)) {
    return invalid('a write to a node that its Add did not make');
  }
  if (node.local) return stays(node);
  switch (content.kind) {
    case 'delete':
      return node.required ? invalid('a required node cannot be deleted') : 'fine';
    case 'name':
    case 'value':
    case 'acl':
    case 'title':
    case 'type':
      return verdict(registerProblem(node, content));
  }
}

function judgeAdd(record: AddRecord, fold: Fold): Verdict {
  const { parent: parentId, name, nodeKind, k } = record.content;
  if (fold.baseState(record.base) !== 'counts') return 'dead';
  const parent = fold.node(parentId);
  if (parent === undefined || parent.scope === undefined || !sameNode(builtOn(parent), record.base)) {
    return invalid('an Add below a node that is not there');
  }
  if (nodeId(parentId, parent.nameKey(name), nodeKind, k) !== record.node)
    return invalid('an Add with a wrong id');
  if (parent.kind === 'leaf') return invalid('an Add below a leaf');
  const named = nameProblem(name);
  if (named !== undefined) return invalid(named);
  const schema = parent.schema && findSchemaNode(parent.schema, name, nodeKind);
  if (parent.schema !== undefined) {
    if (schema === undefined) return invalid(`the schema knows no node ${name} here`);
    if (kindOf(schema) !== nodeKind) return invalid(`the schema makes ${name} no ${nodeKind}`);
    if (isRequired(schema)) return invalid(`${name} is required and cannot be added`);
  }
  if (parent.scope.child(schema, name).local) return stays(parent);
  const deletes = fold.node(record.node)?.deletes ?? [];
  return deletes.some(({ stamp }) => compareStamps(stamp, record.stamp) > 0) ? 'dead' : 'fine';
}

function registerProblem(node: MoNode, content: RegisterContent): string | undefined {
  switch (content.kind) {
    case 'name':
      return renameProblem(node, content.text);
    case 'value':
      return valueProblem(node, content.value);
    case 'acl': {
      if (content.text === '') return undefined;
      const acl = parseAcl(content.text);
      return acl.ok ? undefined : acl.reason;
    }
    case 'title':
      return utf8Length(content.text) > maxTitleBytes
        ? `a Title of more than ${maxTitleBytes} bytes`
        : undefined;
    case 'type':
      return node.kind === 'leaf' ? "a leaf's type goes with its value" : undefined;
  }
}

function renameProblem(node: MoNode, name: string): string | undefined {
  if (node.required) return 'a required node cannot be renamed';
  const { parentNode: parent, schema } = node;
  if (parent === undefined) return 'the root cannot be renamed';
  if (parent.schema !== undefined && findSchemaNode(parent.schema, name, node.kind) !== schema) {
    return `the schema does not let the node be called ${name}`;
  }
  return nameProblem(name);
}

function valueProblem(node: MoNode, value: Value): string | undefined {
  if (node.kind === 'interior') return 'an interior node has no value';
  return node.schema === undefined ? checkData(value.format, value.data) : checkValue(node.schema, value);
}

/** The node whose Add records on this node build on: itself, or the nearest ancestor that is not required (rule I2). */
function builtOn(node: MoNode): MoNode | undefined {
  let at: MoNode | undefined = node;
  while (at?.required) at = at.parentNode;
  return at;
}

function sameNode(node: MoNode | undefined, base: AddRef | null): boolean {
  return node?.id === base?.node;
}

function verdict(problem: string | undefined): Verdict {
  return problem === undefined ? 'fine' : invalid(problem);
}

function invalid(reason: string): Verdict {
  return { code: 'invalid', reason };
}

function stays({ name }: MoNode): Verdict {
  return { code: 'local', reason: `what is at ${name || '.'} stays in each VM` };
}
