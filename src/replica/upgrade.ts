/** How the description of a management object is replaced by another (rules M6, S1): once, forwards, and named by the hash of what it replaces. */
import { VirmoError } from '../errors.ts';
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
  throw mismatch(own.schemaHash !== found.schemaHash);
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
  throw mismatch(offered.schemaHash !== present.schemaHash);
}

/** A description that was replaced is never taken back. */
function mayReplace(
  next: Description,
  present: Description,
  { replaced }: MainMeta,
  replaces: readonly string[],
): boolean {
  return (
    !isSameDescription(next, present) && replaces.includes(present.hash) && !replaced.includes(next.hash)
  );
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

function mismatch(isSchema: boolean): VirmoError {
  const [code, what] = isSchema
    ? (['schema-mismatch', 'schema'] as const)
    : (['rules-mismatch', 'scope rules'] as const);
  return new VirmoError(code, `the ${what} of the mount and of the hub's management object differ`);
}
