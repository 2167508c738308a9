/** What a hub makes of one record of a branch before it merges it (rules D2, I2, M9, S1): every sender is taken for broken or hostile. */
import { parseAcl } from '../tree/acl.ts';
import { checkData } from '../tree/format.ts';
import { findSchemaNode, isRequired, kindOf, normaliseName } from '../tree/schema.ts';
import { checkValue } from '../tree/schema-value.ts';
import { utf8Length } from '../tree/text.ts';
import { nameProblem } from '../tree/uri.ts';
import type { Value } from '../tree/value.ts';
import type { Fold } from './fold.ts';
import type { RefusalCode } from './journal.ts';
import type { MoNode } from './mo-node.ts';
import { nodeId } from './node-id.ts';
import {
  type AddRecord,
  type AddRef,
  hasOwnExecId,
  type LogRecord,
  maxExecExpiryMs,
  type RegisterContent,
  type TreeRecord,
} from './record.ts';
import type { Scope } from './scope.ts';
import { compareStamps } from './stamp.ts';

/** What the hub does with a record: merges it, merges it without effect, or refuses its whole command (rule S3). */
export type Verdict =
  /** It may be merged. */
  | 'fine'
  /** It is in order, but what it builds on is deleted: it can never count. */
  | 'dead'
  | Refused;

/** Why a command is refused. */
export interface Refused {
  readonly code: RefusalCode;
  readonly reason: string;
}

/** Longest Title, in bytes of UTF-8 (TND 1.2, section 8.3.7). */
const maxTitleBytes = 255;

/** Judges one record against the tree as the records before it have made it. */
export function judge(record: TreeRecord, fold: Fold): Verdict {
  const { content } = record;
  if (content.kind === 'add') return judgeAdd(record as AddRecord, fold);
  const node = fold.node(record.node);
  const isDead = fold.baseState(record.base) !== 'counts';
  if (isDead && content.kind !== 'delete') return 'dead';
  // A Delete counts by itself: it may yet end an Add that is older than it and arrives later (rule I2), also of a node that is forgotten here.
  if (isDead && node?.scope === undefined) return 'fine';
  if (node?.scope === undefined || !(isDead || mayBuildOn(node, record.base))) {
    return invalid('a write to a node that its Add did not make');
  }
  if (node.local) return stays(node);
  if (!node.scope.isWritableBy(record.stamp.vm)) return foreign(node.name, node.scope);
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

/** Why the order of an Exec is refused, if it is; of other records nothing is said here. */
export function judgeOrder(record: LogRecord, fold: Fold): Refused | undefined {
  const { node, stamp, content } = record;
  if (content.kind !== 'exec') return undefined;
  if (!hasOwnExecId(record)) return invalid("another Exec's id");
  if (content.expiry - stamp.ms > maxExecExpiryMs) return invalid('an Exec that would hardly ever expire');
  return fold.node(node)?.local ? { code: 'local', reason: 'an Exec of what stays in each VM' } : undefined;
}

function judgeAdd(record: AddRecord, fold: Fold): Verdict {
  const { parent: parentId, name, nodeKind, k } = record.content;
  const parent = fold.node(parentId);
  if (fold.baseState(record.base) !== 'counts')
    return hasOwnId(record) ? 'dead' : invalid('an Add with a wrong id');
  if (parent === undefined || parent.scope === undefined || !mayBuildOn(parent, record.base)) {
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
  const scope = parent.scope.child(schema, name, nodeKind);
  if (scope.local) return stays(parent);
  if (!scope.isWritableBy(record.stamp.vm)) return foreign(name, scope);
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
  if (node.parentNode === undefined) return 'the root cannot be renamed';
  if (!node.canBeCalled(name)) return `the schema or the scope rules do not let the node be called ${name}`;
  return nameProblem(name);
}

function valueProblem(node: MoNode, value: Value): string | undefined {
  if (node.kind === 'interior') return 'an interior node has no value';
  return node.schema === undefined ? checkData(value.format, value.data) : checkValue(node.schema, value);
}

/** Whether the id of an Add can be its own, whatever the CaseSense above it, which may be unknown: also one that never counts would be given its place by it (rule I2). */
function hasOwnId({ node, content: { parent, name, nodeKind, k } }: AddRecord): boolean {
  const names = [name, normaliseName(name, 'CIS')];
  return names.some((normalised) => nodeId(parent, normalised, nodeKind, k) === node);
}

/** Whether records on this node build on that Add: of the node itself, or, past nodes that are required, of the nearest above that has one (rule I2). A required node may have one of a time when it was not. */
function mayBuildOn(node: MoNode, base: AddRef | null): boolean {
  let at: MoNode | undefined = node;
  while (at?.required && at.id !== base?.node) at = at.parentNode;
  return at?.id === base?.node;
}

function verdict(problem: string | undefined): Verdict {
  return problem === undefined ? 'fine' : invalid(problem);
}

function invalid(reason: string): Refused {
  return { code: 'invalid', reason };
}

function stays({ name }: MoNode): Verdict {
  return { code: 'local', reason: `what is at ${name || '.'} stays in each VM` };
}

function foreign(name: string, { writer }: Scope): Verdict {
  return { code: 'read-only', reason: `what is at ${name || '.'} is written by ${writer} alone` };
}
