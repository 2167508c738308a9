/** A hub and three followers with a small management object in which names clash and lists are full: for tests of what is parked. */

import { expect } from 'vitest';
import type { OpenConflict } from '../../src/replica/open-conflicts.ts';
import type { Resolution } from '../../src/replica/resolve.ts';
import type { Schema } from '../../src/tree/schema.ts';
import type { Status } from '../../src/tree/status.ts';
import { interior, leaf, ONE, ZERO_OR_MORE } from '../tree/schemas.ts';
import { checkRest, checkSite } from './check.ts';
import { type FollowerSite, Group, type GroupOptions, HubSite, type Site } from './group.ts';
import { at } from './writes.ts';

const TWO = { min: 0, max: 2 } as const;

/** Lists that hold two of a kind, in which names clash and a kind must occur. */
export const lists: Schema = {
  root: interior('x', [
    interior('List', [leaf(undefined, 'chr', { occurrence: TWO })], { occurrence: ONE }),
    interior(
      'Mixed',
      [
        leaf(undefined, 'chr', { occurrence: TWO }),
        interior(
          undefined,
          [leaf('V', 'chr', { occurrence: ONE }), leaf(undefined, 'chr', { occurrence: TWO })],
          {
            occurrence: TWO,
          },
        ),
      ],
      { occurrence: ONE },
    ),
    interior(
      'Any',
      [leaf(undefined, 'chr', { occurrence: ZERO_OR_MORE }), interior(undefined, [], { occurrence: TWO })],
      { occurrence: ONE, caseSense: 'CIS' },
    ),
    interior(
      'Must',
      [
        leaf(undefined, 'chr', { occurrence: { min: 1, max: 2 } }),
        interior(undefined, [], { occurrence: ZERO_OR_MORE }),
      ],
      { occurrence: ONE },
    ),
  ]),
};

export class Stage {
  readonly group: Group;
  readonly hub: HubSite;
  readonly a: FollowerSite;
  readonly b: FollowerSite;
  readonly c: FollowerSite;

  constructor(options: GroupOptions = { schema: lists }) {
    this.group = new Group({ followers: 3, ...options });
    this.group.settle();
    this.hub = this.group.hub;
    [this.a, this.b, this.c] = [this.group.follower(0), this.group.follower(1), this.group.follower(2)];
  }

  /** Each step a second after the one before. */
  inTurn(...steps: readonly (() => void)[]): void {
    for (const step of steps) {
      this.group.nowMs += 1_000;
      step();
    }
  }

  /** Everything is delivered, and every VM is as the rules want it. */
  rest(): void {
    this.group.nowMs += 1_000;
    this.group.settle();
    for (const site of this.group.sites) checkSite(site);
    checkRest(this.group);
  }

  /** What a question gives on every VM: one answer. */
  everywhere<T>(ask: (site: Site) => T): T {
    const [answer, ...others] = this.group.sites.map(ask);
    for (const other of others) expect(other).toEqual(answer);
    return answer as T;
  }
}

export function names(uri: string): (site: Site) => string[] {
  return ({ replica }) => [...at(replica.root, uri).children()].map(({ name }) => name).sort();
}

function told({ uri, kind, why }: OpenConflict): string {
  return `${uri} ${kind} ${why}`;
}

/** What is kept and not shown, in short. */
export function kept({ replica }: Site): string[] {
  return replica.conflicts().map(told);
}

/** What a VM was told to be parked or resolved since the last call, in short. */
export function news(site: Site): string[] {
  const lines = site.events.flatMap((event) =>
    event.type === 'parked' || event.type === 'resolved' ? [`${event.type} ${told(event.conflict)}`] : [],
  );
  site.events.length = 0;
  return lines;
}

export function resolve(site: Site, uri: string, resolution: Resolution): Status {
  const id = site.replica.conflicts().find((open) => open.uri === uri)?.id ?? '';
  const status = site.replica.resolve(id, resolution);
  if (site instanceof HubSite) site.flush();
  else site.persist();
  return status;
}

/** The smallest in which all names clash and all lists get full at once. */
export const crowd: Schema = {
  root: interior('x', [
    leaf(undefined, 'chr', { occurrence: TWO }),
    interior(undefined, [leaf(undefined, 'chr', { occurrence: ONE })], { occurrence: TWO }),
  ]),
};
