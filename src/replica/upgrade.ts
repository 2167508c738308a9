/** How the description of a management object is replaced by another (rules M6, S1): once, forwards, and named by the hash of what it replaces. */
import { VirmoError } from '../errors.ts';
import { isRequired, kindOf, type SchemaNode } from '../tree/schema.ts';
import { formatUri } from '../tree/uri.ts';
import { type Description, isSameDescription, readDescription } from './description.ts';
import type { MainMeta } from './main.ts';

/** How a mount deals with a main that judges by another description than its own. */
export interface UpgradeOptions {
  /** Hashes of the descriptions that its own may replace. */
  readonly replaces: readonly string[];
  /** It takes over main's; at a hub, others may replace it. */
  readonly follows: boolean;
}

/** What a VM says of its description when it asks for a management object. */
export interface OfferedDescription {
  readonly schemaHash: string;
  readonly rules: string;
  /** The schema's text if it may replace the hub's; ''. */
  readonly schema: string;
  readonly replaces: readonly string[];
  readonly follows: boolean;
}

/** The description in main's meta. Throws `storage-damaged` for one that cannot be read. */
export function descriptionIn({ schema, rules }: MainMeta): Description {
  try {
    return readDescription(schema, rules);
  } catch (cause) {
    throw new VirmoError('storage-damaged', "main's schema or scope rules cannot be read", { cause });
  }
}

/** By what a replica judges that finds this main. Throws `schema-mismatch` or `rules-mismatch`. */
export function chooseDescription(own: Description, meta: MainMeta, options: UpgradeOptions): Description {
  if (own.schemaText === meta.schema && own.rulesText === meta.rules) return own;
  const found = descriptionIn(meta);
  if (mayReplace(own, found, meta, options.replaces)) return own;
  if (options.follows) return found;
  throw mismatch(own, found, idsLostBy(own, found));
}

/** The description by which a VM asks the hub to go on, or `undefined` where it goes on with the present one. Throws `schema-mismatch`, `rules-mismatch`, `message-malformed`. */
export function offeredUpgrade(
  present: Description,
  meta: MainMeta,
  offered: OfferedDescription,
  isOpenToUpgrades: boolean,
): Description | undefined {
  if (offered.schemaHash === present.schemaHash && offered.rules === present.rulesText) return undefined;
  const wanted =
    isOpenToUpgrades && offered.replaces.includes(present.hash) ? readOffered(offered) : undefined;
  if (wanted !== undefined && mayReplace(wanted, present, meta, offered.replaces)) return wanted;
  if (offered.follows) return undefined;
  const lost = wanted && idsLostBy(wanted, present);
  throw mismatch({ schemaHash: offered.schemaHash, rulesText: offered.rules }, present, lost);
}

/** A description that was replaced is never taken back, nor one taken that would give required nodes other ids. */
function mayReplace(
  next: Description,
  present: Description,
  { replaced }: MainMeta,
  replaces: readonly string[],
): boolean {
  return (
    !isSameDescription(next, present) &&
    replaces.includes(present.hash) &&
    !replaced.includes(next.hash) &&
    idsLostBy(next, present) === undefined
  );
}

/** Where a required node would get another id. Its id comes from its name as names are compared there (rules I2, I3): under another CaseSense what was written to it would be gone, and nothing would tell. */
export function idsLostBy(
  { schema: next }: Pick<Description, 'schema'>,
  { schema: present }: Pick<Description, 'schema'>,
): string | undefined {
  return present && next && firstLost(present.root, next.root, []);
}

function firstLost(present: SchemaNode, next: SchemaNode, path: readonly string[]): string | undefined {
  for (const child of next.children) {
    const isOne = (each: SchemaNode) => each.name === child.name && kindOf(each) === kindOf(child);
    const before = present.children.find(isOne);
    // Of several placeholders of one kind the first alone is ever meant.
    if (before === undefined || next.children.find(isOne) !== child) continue;
    const { name } = child;
    const place = [...path, name ?? '*'];
    const hasOtherId =
      present.caseSense !== next.caseSense && name !== undefined && name !== name.toLowerCase();
    if (hasOtherId && isRequired(before)) return formatUri(place);
    const below = firstLost(before, child, place);
    if (below !== undefined) return below;
  }
  return undefined;
}

function readOffered({ schema, schemaHash, rules }: OfferedDescription): Description {
  let offered: Description;
  try {
    offered = readDescription(schema, rules);
  } catch (cause) {
    throw new VirmoError('message-malformed', 'a schema or scope rules that cannot be read', { cause });
  }
  if (offered.schemaHash === schemaHash) return offered;
  throw new VirmoError('message-malformed', 'a schema that has another hash');
}

/** What two sides say of a management object. */
type Said = Pick<Description, 'schemaHash' | 'rulesText'>;

/** `lost`: where the new schema would give a required node another id. */
function mismatch(own: Said, present: Said, lost: string | undefined): VirmoError {
  const { code, what, isSchema } = differenceOf(own, present);
  if (lost !== undefined)
    return new VirmoError(
      code,
      `the new schema has another CaseSense above ${lost}, which was required: what was written to it would be lost`,
    );
  const [mounts, hubs] = isSchema
    ? [own.schemaHash || 'none', present.schemaHash || 'none']
    : [own.rulesText, present.rulesText];
  return new VirmoError(
    code,
    `the ${what} of the mount (${short(mounts)}) and of the hub's management object (${short(hubs)}) differ`,
  );
}

/** Enough to tell two apart. */
function short(text: string): string {
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
}

/** That a VM which does not follow must go, as the description was replaced. */
export function outdated(mo: string, before: Description, next: Description): VirmoError {
  const { code, what } = differenceOf(before, next);
  return new VirmoError(code, `another VM has replaced the ${what} of ${mo}`);
}

function differenceOf(
  one: Said,
  other: Said,
): {
  readonly code: 'schema-mismatch' | 'rules-mismatch';
  readonly what: string;
  readonly isSchema: boolean;
} {
  return one.schemaHash === other.schemaHash
    ? { code: 'rules-mismatch', what: 'scope rules', isSchema: false }
    : { code: 'schema-mismatch', what: 'schema', isSchema: true };
}
