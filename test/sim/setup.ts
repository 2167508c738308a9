/** What a simulation begins with: how many VMs, which management objects, what they may and may not. All of it is data. */

import type { ScopeRule } from '../../src/replica/scope.ts';
import type { Schema } from '../../src/tree/schema.ts';
import { serialiseSchema } from '../../src/tree/schema-text.ts';
import type { NetworkOptions } from './network.ts';
import { covers, freePath, randomPosition } from './positions.ts';
import type { Random } from './random.ts';
import { names, randomSchema } from './schemas.ts';
import { randomUpgrades } from './upgrades.ts';

/** The first VM serves, the others connect to it. */
export interface Setup {
  /** The VMs' ids; by number they are spoken of everywhere else. */
  readonly vms: readonly string[];
  readonly mos: readonly MoSetup[];
  readonly network: NetworkOptions;
  readonly silenceMs: number;
  readonly copySubtrees?: boolean;
}

/** All that a management object is ever judged by, in order. */
export function versionsOf({ schema, rules, upgrades = [] }: MoSetup): readonly MoVersion[] {
  return [{ schema, rules }, ...upgrades];
}

/** By what a management object is judged. */
export interface MoVersion {
  /** In its canonical text; '' for none. */
  readonly schema: string;
  readonly rules: readonly ScopeRule[];
}

/** One management object, and where each VM has it. */
export interface MoSetup extends MoVersion {
  readonly mo: string;
  /** What later versions of the agents judge by, each replacing all before it (rule M6). */
  readonly upgrades?: readonly MoVersion[];
  /** By VM. */
  readonly uris: readonly string[];
  readonly maxAheadMs: number;
  readonly execExpiryMs: number;
  /** Default true. */
  readonly execsWithoutHub?: boolean;
  readonly handlers: readonly HandlerSetup[];
}

/** An Exec's handler on one VM. */
export interface HandlerSetup {
  readonly vm: number;
  readonly uri: string;
  readonly isIdempotent: boolean;
  readonly takesMs: number;
  /** The answer's status; 0: it throws. */
  readonly status: number;
}

/** DM servers that order things; all may do everything until an ACL says otherwise. */
export const servers: readonly string[] = ['dms-one', 'dms-two'];
export const openAcl = 'Add=*&Delete=*&Exec=*&Get=*&Replace=*';

export function randomSetup(random: Random): Setup {
  const vms = ['hub', 'ann', 'bob', 'cid', 'dee', 'eve'].slice(0, random.pick([2, 2, 3, 3, 3, 4, 4, 5, 6]));
  const mos = ['one', 'two'].slice(0, random.pick([1, 1, 2]));
  return {
    vms,
    mos: mos.map((mo) => randomMo(random.fork(mo), mo, vms)),
    network: {
      maxMessageBytes: random.pick([1_048_576, 1_048_576, 700]),
      queueBytes: random.pick([65_536, 1_048_576]),
    },
    silenceMs: random.pick([1_000, 3_000]),
    copySubtrees: random.chance(0.5),
  };
}

function randomMo(random: Random, mo: string, vms: readonly string[]): MoSetup {
  const schema = random.chance(0.65) ? randomSchema(random.fork('schema')) : undefined;
  const rules = random.chance(0.4) ? randomRules(random.fork('rules'), schema, vms) : [];
  const common = `./${mo}`;
  return {
    mo,
    schema: schema === undefined ? '' : serialiseSchema(schema),
    rules,
    upgrades: schema === undefined ? [] : randomUpgrades(random.fork('upgrades'), { schema, rules }, vms),
    uris: vms.map((vm) => random.pick([common, common, `./Vendor/${mo}`, `./${vm}/Deep/${mo}`])),
    maxAheadMs: random.pick([60_000, 60_000, 5_000]),
    execExpiryMs: random.pick([86_400_000, 30_000, 5_000]),
    execsWithoutHub: random.chance(0.7),
    handlers: randomHandlers(random.fork('handlers'), schema, vms),
  };
}

/** Positions of the schema, or names without one; each at most once. */
function randomRules(random: Random, schema: Schema | undefined, vms: readonly string[]): ScopeRule[] {
  const paths = new Set<string>();
  for (let count = random.between(1, 3); count > 0; count--) {
    const path = schema === undefined ? freePath(random) : randomPosition(random, schema.root);
    if (path !== undefined) paths.add(path);
  }
  const apart = [...paths].filter((path) => ![...paths].some((other) => covers(other, path)));
  return apart.map((path) => ({
    path,
    share: random.chance(0.5) ? 'local' : { from: random.pick(vms) },
  }));
}

/** For a few nodes that may come to be. */
function randomHandlers(random: Random, schema: Schema | undefined, vms: readonly string[]): HandlerSetup[] {
  const uris = new Set<string>(['.']);
  for (let count = 2; count > 0; count--) {
    const path =
      schema === undefined ? `./${random.pick(names.slice(0, 4))}` : randomPosition(random, schema.root);
    uris.add((path ?? '.').replaceAll('*', 'A'));
  }
  const handlers: HandlerSetup[] = [];
  for (const uri of uris) {
    for (const vm of vms.keys()) {
      if (random.chance(0.2)) continue;
      handlers.push({
        vm,
        uri,
        isIdempotent: random.chance(0.25),
        takesMs: random.pick([0, 5, 50, 800]),
        status: random.pick([200, 200, 200, 500, 1200, 0]),
      });
    }
  }
  return handlers;
}
